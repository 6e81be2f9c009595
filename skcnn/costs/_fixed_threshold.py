"""Predictions of two classes by a given threshold, which decides instead of the costs."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from skcnn._arrays import Float64
from skcnn.costs._labels import plain_label


class FixedThreshold(NamedTuple):
    """Predict the class at `position` (0 or 1) where its probability is at least `threshold`."""

    threshold: float
    position: int

    def decide(self, P: Float64, classes: NDArray[Any], sample_costs: Any) -> NDArray[Any]:
        """Labels by the threshold, (n, 2) -> (n,)."""
        if sample_costs is not None:
            raise ValueError(
                f"sample_costs is given, but threshold is {self.threshold}, which ignores costs; "
                "expected threshold=None. Set it, or leave sample_costs out."
            )
        reached = P[:, self.position] >= self.threshold
        return np.asarray(classes[np.where(reached, self.position, 1 - self.position)])


def check_fixed_threshold(
    threshold: float | None, pos_label: Any, classes: NDArray[Any]
) -> FixedThreshold | None:
    """Return the threshold with the position of its class; None where there is no threshold.

    Raises
    ------
    ValueError
        If the threshold is not a number >= 0, there are not two classes, or `pos_label` is not one
        of them or is given without a threshold.
    """
    if threshold is None:
        if pos_label is not None:
            raise ValueError(
                f"pos_label is {pos_label!r}, but threshold is None; expected both or neither. The "
                "costs alone say which errors are expensive."
            )
        return None
    _check_number(threshold)
    known = classes.tolist()
    if len(known) != 2:
        raise ValueError(
            f"threshold is {threshold}, and there are {len(known)} classes, {known[:10]}; expected "
            "two. Only binary classification is supported. Use cost_matrix for more classes."
        )
    pos_label = plain_label(pos_label)
    if pos_label is not None and pos_label not in known:
        raise ValueError(f"pos_label is {pos_label!r}; expected one of {known}.")
    return FixedThreshold(float(threshold), 1 if pos_label is None else known.index(pos_label))


def _check_number(threshold: Any) -> None:
    number = float(threshold) if isinstance(threshold, Real) else np.nan
    if not (0 <= number <= 1 or number == np.inf):
        raise ValueError(
            f"threshold is {threshold!r}; expected None, a probability in [0, 1], or infinity, "
            "which never predicts the positive class."
        )


def check_no_contradiction(parameters: dict[str, Any], fit_params: Iterable[str]) -> None:
    """Refuse parameters of a `MinCostClassifier` that contradict each other, before a fit.

    Raises
    ------
    ValueError
        If the threshold is not a number >= 0, a threshold and costs are both to decide, or nobody
        says what a frozen or weighted classifier learned from.
    """
    if parameters["threshold"] is not None:
        _check_number(parameters["threshold"])
    for name in ("cost_matrix", "abstain_cost"):
        if parameters["threshold"] is not None and parameters[name] is not None:
            raise ValueError(
                f"threshold is {parameters['threshold']!r} and {name} is {parameters[name]!r}; "
                "expected one of them, because both decide. Set the other one to None."
            )
    is_frozen = isinstance(parameters["estimator"], FrozenEstimator)
    is_one_given = (parameters["prior"] is None) != (parameters["train_prior"] is None)
    if is_one_given and any(name.endswith("sample_weight") for name in fit_params):
        raise ValueError(
            "fit gets sample_weight, and only one of prior and train_prior is given; expected "
            "both. The shares of the rows are not those of the weights that the classifier learns "
            "from."
        )
    if is_frozen and is_one_given:
        missing = "prior" if parameters["prior"] is None else "train_prior"
        raise ValueError(
            f"estimator is frozen and {missing} is None; expected both prior and train_prior. The "
            "rows that fit gets need not be those that the classifier learned from."
        )
