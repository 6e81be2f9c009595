"""Which rows are held out from training, and how they are scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import get_scorer

from skcnn._arrays import Float64, Int64
from skcnn._compat import PickleVersionMixin, warn_user
from skcnn._settings import FitSettings
from skcnn.costs._decision import decide, decision_costs
from skcnn.costs._metrics import average_cost
from skcnn.costs._scorers import make_cost_scorer
from skcnn.fitting._training_set import TrainingSet


def split_rows(
    data: TrainingSet, settings: FitSettings, random_state: np.random.RandomState, epochs: int
) -> tuple[Int64, Int64]:
    """Return the rows to train on and the rows to hold out, none without early stopping."""
    everything = np.arange(len(data.texts)), np.arange(0)
    if not settings.early_stopping:
        return everything
    split = stratified_split(
        data.texts,
        data.targets,
        held_out_fraction=settings.validation_fraction,
        random_state=random_state,
    )
    if split is None:
        warn_user(
            "Too few different texts to hold out some of each class: early stopping is off, all "
            f"{epochs} epochs are run. Give more texts, or set early_stopping=False."
        )
        return everything
    return split


def stratified_split(
    texts: Sequence[str],
    targets: NDArray[Any],
    *,
    held_out_fraction: float,
    random_state: np.random.RandomState,
) -> tuple[Int64, Int64] | None:
    """Split rows in two: stratified, seeded, equal texts on one side.

    Parameters
    ----------
    texts : n texts
    targets : ndarray of shape (n,)
        A text that occurs with several targets is stratified by the first.
    held_out_fraction : float
        Share of the *different* texts of each class that is held out: at least one, not all.
    random_state : RandomState

    Returns
    -------
    (training rows, held-out rows), or None
        None where some class has fewer than two different texts.
    """
    first_row: dict[str, int] = {}
    text_number = np.array([first_row.setdefault(text, row) for row, text in enumerate(texts)])
    different = np.array(list(first_row.values()))  # (n_different,)
    held_out: list[int] = []
    for target in np.unique(targets):
        rows = different[targets[different] == target]
        if len(rows) < 2:
            return None
        n_held_out = min(max(round(held_out_fraction * len(rows)), 1), len(rows) - 1)
        held_out.extend(random_state.permutation(rows)[:n_held_out])
    is_held_out = np.isin(text_number, held_out)
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


class FixedProbabilities(PickleVersionMixin, ClassifierMixin, BaseEstimator):
    """A classifier that returns the same probabilities whatever X is, for scorers to call."""

    def __init__(
        self,
        classes: NDArray[Any],
        probabilities: Float64,
        cost_matrix: Float64,
        sample_costs: Float64 | None = None,
    ) -> None:
        self.classes = classes
        self.probabilities = probabilities
        self.cost_matrix = cost_matrix
        self.sample_costs = sample_costs
        self.classes_ = classes

    def predict_proba(self, X: Any) -> Float64:
        """Return the probabilities, (n, K)."""
        return self.probabilities

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the labels with the lowest expected cost, (n,)."""
        if self.sample_costs is None:
            return decide(self.probabilities, self.cost_matrix, self.classes)
        return decide(self.probabilities, None, self.classes, sample_costs=self.sample_costs)


def make_held_out_score(
    data: TrainingSet,
    rows: Int64,
    settings: FitSettings,
    cost_matrix: Float64,
    to_posterior: Callable[[Float64], Float64],
) -> Callable[[Float64], float] | None:
    """Return a function from the network's outputs for the held-out texts to a score.

    Parameters
    ----------
    data : TrainingSet
    rows : (m,) positions of the held-out texts
    settings : FitSettings
    cost_matrix : (K, K)
    to_posterior : outputs (m, K) to probabilities (m, K)

    Returns
    -------
    callable or None
        None if nothing is held out, or if the validation loss decides.
    """
    if len(rows) == 0 or settings.validation_scoring == "loss":
        return None
    targets, weight = data.targets_and_weight(rows)
    return make_score(
        settings.validation_scoring,
        data.classes[targets],
        weight,
        classes=data.classes,
        decision=settings.decision,
        cost_matrix=cost_matrix,
        sample_costs=None if data.sample_costs is None else data.sample_costs[rows],
        to_posterior=to_posterior,
    )


def make_score(
    scoring: str | Callable[..., float],
    y: NDArray[Any],
    sample_weight: Float64 | None,
    *,
    classes: NDArray[Any],
    decision: str,
    cost_matrix: Float64,
    sample_costs: Float64 | None,
    to_posterior: Callable[[Float64], Float64],
) -> Callable[[Float64], float]:
    own_costs = isinstance(scoring, str) and scoring == "average_cost"
    scorer = make_cost_scorer(cost_matrix, labels=classes) if own_costs else get_scorer(scoring)
    weights: dict[str, Any] = {} if sample_weight is None else {"sample_weight": sample_weight}
    by_row = None if decision == "argmax" else sample_costs
    matrix = decision_costs(decision, cost_matrix)

    def score(outputs: Float64) -> float:
        classifier = FixedProbabilities(classes, to_posterior(outputs), matrix, by_row)
        if own_costs and sample_costs is not None:
            y_pred = classifier.predict(None)
            return -average_cost(y, y_pred, sample_costs=sample_costs, labels=classes, **weights)
        value = float(scorer(classifier, np.zeros((len(y), 1)), y, **weights))
        if np.isnan(value):
            raise ValueError(
                f"validation_scoring is {scoring!r}, which is nan for the {len(y)} held-out texts; "
                "expected a number: epochs cannot be compared by nan. Use 'loss', or a score that "
                "is defined for these texts."
            )
        return value

    return score
