"""Checks that several functions share: probabilities, labels, weights, ratios of costs."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Lets float32 softmax outputs and numbers rounded to three digits pass, not logits or percents.
_SUM_TOLERANCE = 1e-3


def check_probabilities(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return `values` as a new (n, K) float64 array, or say which row is no distribution."""
    table = np.array(values, dtype=np.float64)  # (n, K)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(
            f"{name} has shape {table.shape}; expected (n_samples, n_classes) with one column "
            "per class, as from predict_proba. For a single column p, pass "
            "np.column_stack([1 - p, p])."
        )
    total = table.sum(axis=1)  # (n,)
    # NaN and infinity fail these comparisons too.
    good = (table.min(axis=1) >= 0) & (np.abs(total - 1) <= _SUM_TOLERANCE)
    if not good.all():
        row = int(np.argmin(good))
        raise ValueError(
            f"{name}[{row}] is {table[row].tolist()}; expected numbers >= 0 that sum to 1. Pass "
            "the output of predict_proba; logits need a softmax first."
        )
    return table


def check_finite_scores(scores: NDArray[np.float64]) -> None:
    """Refuse NaN and infinite scores of the positive class."""
    finite = np.isfinite(scores)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(f"y_prob[{row}] is {scores[row]}; expected finite numbers.")


def check_positive_probabilities(values: NDArray[np.float64]) -> None:
    """Refuse sorted scores of the positive class that are no probabilities."""
    if values[0] < 0 or values[-1] > 1:
        raise ValueError(
            f"y_prob goes from {values[0]:g} to {values[-1]:g}; expected probabilities of the "
            "positive class, from 0 to 1. For other scores there is cost_curve, which "
            "CostCurveDisplay draws."
        )


def check_has_probabilities(estimator: Any) -> None:
    """Refuse a classifier that cannot tell probabilities."""
    if isinstance(estimator, type):
        name = estimator.__name__
        raise TypeError(f"estimator is the class {name}; expected an object: {name}(...).")
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"estimator is a {type(estimator).__name__}, which has no predict_proba; expected a "
            "classifier with probabilities. Wrap it in sklearn.calibration.CalibratedClassifierCV."
        )


def check_labels(name: str, labels: NDArray[Any]) -> None:
    """Refuse missing labels, and labels that have no order, among Python objects."""
    if labels.dtype.kind != "O":
        return
    values = labels.tolist()
    missing = [row for row, label in enumerate(values) if _is_missing(label)]
    if missing:
        raise ValueError(
            f"{name} has missing labels (None or NaN) in {len(missing)} of {len(values)} rows, the "
            f"first is row {missing[0]} (counted from 0); expected a label for every row: drop "
            "these rows."
        )
    try:
        sorted(set(values))
    except TypeError as error:
        types = sorted({type(label).__name__ for label in values})
        raise TypeError(
            f"{name} has labels of the types {types}, which have no order; expected one type."
        ) from error


def _is_missing(label: Any) -> bool:
    # Comparing pandas' NA with anything gives NA again: it is known by name.
    return label is None or type(label).__name__ == "NAType" or bool(label != label)  # noqa: PLR0124


def check_weights(sample_weight: ArrayLike | None, n_samples: int) -> NDArray[np.float64]:
    """Return weights of the rows as an array (n_samples,); None weighs each 1."""
    if sample_weight is None:
        return np.ones(n_samples)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight has shape {weight.shape}; expected ({n_samples},): one number for each "
            "row."
        )
    wrong = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if len(wrong):
        raise ValueError(
            f"sample_weight[{wrong[0]}] is {weight[wrong[0]]}; expected one finite number >= 0 for "
            "each row. A row that must not count weighs 0."
        )
    return weight


def check_not_negative(name: str, value: float) -> None:
    """Refuse a parameter below 0, NaN or infinite."""
    if not (isinstance(value, Real) and 0 <= value < np.inf):
        raise ValueError(f"{name} is {value!r}; expected a finite number >= 0.")


def check_ratios(ratios: ArrayLike) -> NDArray[np.float64]:
    """Return the costs of a miss in units of another error's as a new array (n_ratios,)."""
    array = np.array(list(ratios) if isinstance(ratios, Iterable) else ratios, dtype=np.float64)
    if array.ndim != 1 or not array.size or not (np.isfinite(array) & (array > 0)).all():
        raise ValueError(
            f"ratios is {ratios!r}; expected finite numbers above 0, as [1, 2, 5]: what a miss "
            "costs, divided by what another error costs."
        )
    return array
