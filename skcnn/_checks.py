"""What `fit` refuses before it touches the data, and the training set that passes."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import get_scorer_names
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from skcnn._compat import _check_feature_names, _check_sample_weight
from skcnn.costs import (
    CostMatrixLike,
    check_cost_matrix,
    check_sample_costs,
)
from skcnn.costs._checks import check_labels
from skcnn.costs._sample_costs import BOTH_COSTS, matched_rows, mean_class_costs
from skcnn.text import as_texts, check_word_vectors, column_names, n_columns

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Checked texts and labels.

    Attributes
    ----------
    texts : n texts
    labels : (n,) positions in `classes`, int32
    classes : (K,) sorted labels
    sample_weight : (n,) positive, or None where all texts count the same
    sample_costs : (n, K) what it costs to miss each class in each text, or None
    """

    texts: list[str]
    labels: NDArray[np.int32]
    classes: NDArray[Any]
    sample_weight: NDArray[np.float64] | None
    sample_costs: NDArray[np.float64] | None

    @property
    def class_weights(self) -> NDArray[np.float64]:
        """Total weight of each class, (K,)."""
        return np.bincount(self.labels, self.sample_weight, len(self.classes)).astype(np.float64)

    def mean_costs(self, cost_matrix: CostMatrixLike) -> NDArray[np.float64]:
        """The cost matrix, or what the costs of single texts come to on average, (K, K)."""
        if self.sample_costs is not None:
            if cost_matrix is not None:
                raise ValueError(BOTH_COSTS)
            means = mean_class_costs(self.sample_costs, self.labels, self.sample_weight)
            cost_matrix = means[:, np.newaxis] * (1 - np.eye(len(means)))
        return check_cost_matrix(cost_matrix, self.classes, class_totals=self.class_weights)


def check_parameters(estimator: CostSensitiveTextCNN) -> None:
    """Refuse parameters that are wrong whatever the data, beyond their types.

    Raises
    ------
    TypeError or ValueError
        Saying which parameter, what it is, what is wanted.
    """
    widths = list(estimator.filter_widths)
    if not widths or not all(isinstance(w, Integral) and w >= 1 for w in widths):
        msg = f"filter_widths is {estimator.filter_widths!r}; expected integers >= 1, as (3, 4, 5)."
        raise ValueError(msg)
    _check_max_length(estimator.max_length)
    if estimator.embedding_dim == 0 and estimator.word_vectors is None:
        msg = (
            "embedding_dim is 0 and word_vectors is None: words would have no vectors. "
            "Give one of them."
        )
        raise ValueError(msg)
    if isinstance(estimator.cost_matrix, str) and estimator.cost_matrix != "balanced":
        msg = (
            f"cost_matrix is {estimator.cost_matrix!r}; the only name is 'balanced'. "
            f"To make missing one class dear write {{{estimator.cost_matrix!r}: 5}}."
        )
        raise ValueError(msg)
    _check_keras_parameters(estimator)
    if estimator.word_vectors is not None:
        check_word_vectors(estimator.word_vectors)
    _check_unlabeled(estimator)
    _check_validation_scoring(estimator.validation_scoring)


def _check_keras_parameters(estimator: CostSensitiveTextCNN) -> None:
    for name in ("loss", "optimizer"):
        value = getattr(estimator, name)
        if isinstance(value, type):
            msg = (
                f"{name} is the class {value.__name__}; expected an object: {value.__name__}(...)."
            )
            raise TypeError(msg)
    for callback in estimator.callbacks or ():
        if not hasattr(callback, "on_epoch_end"):
            msg = f"callbacks has {callback!r}; expected objects of keras.callbacks.Callback."
            raise TypeError(msg)
    if estimator.learning_rate and "learning_rate" in (estimator.optimizer_params or {}):
        raise ValueError("learning_rate is given twice, also in optimizer_params; give it once.")
    if not isinstance(estimator.optimizer, str):
        given = [n for n in ("learning_rate", "optimizer_params") if getattr(estimator, n)]
        if given:
            msg = (
                f"optimizer is an object and {' and '.join(given)} would be ignored. "
                "Set them in the object, or give the optimizer by name."
            )
            raise ValueError(msg)


def _check_max_length(max_length: Any) -> None:
    if max_length is None or isinstance(max_length, Integral):
        return
    numbers: list[Any] = list(max_length)
    valid = all(isinstance(n, Integral) and int(n) >= 0 for n in numbers)
    if len(numbers) != 2 or not valid or sum(numbers) == 0:
        msg = (
            f"max_length is {max_length!r}; expected None, a number of tokens, or the numbers of "
            "first and of last ones, as (400, 100)."
        )
        raise ValueError(msg)


def _check_unlabeled(estimator: CostSensitiveTextCNN) -> None:
    if estimator.unlabeled is None:
        return
    if estimator.embedding_dim == 0 or estimator.embedding_init != "cooccurrence":
        msg = (
            f"unlabeled is given with embedding_dim={estimator.embedding_dim} and "
            f"embedding_init={estimator.embedding_init!r}, where nothing is learnt from it; set "
            "embedding_dim above 0 and embedding_init='cooccurrence'."
        )
        raise ValueError(msg)
    try:
        as_texts(estimator.unlabeled)
    except (TypeError, ValueError) as error:
        raise type(error)(f"unlabeled cannot be used as X is: {error}") from error


def _check_validation_scoring(scoring: Any) -> None:
    if callable(scoring) or scoring in {"loss", "average_cost", *get_scorer_names()}:
        return
    msg = (
        f"validation_scoring is {scoring!r}; expected 'loss', 'average_cost', a scorer, or one of "
        "the names in sklearn.metrics.get_scorer_names()."
    )
    raise ValueError(msg)


def check_training_set(
    X: Any,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    class_weight: Any,
    sample_costs: Any = None,
) -> TrainingSet:
    """Check texts, labels and weights, and leave out texts of weight zero.

    Raises
    ------
    TypeError or ValueError
        As `CostSensitiveTextCNN.fit` says.
    """
    texts = as_texts(X)
    if y is None:
        raise ValueError("fit requires y to be passed, but y is None: one label for each text.")
    target: NDArray[Any] = column_or_1d(y, warn=True)
    check_consistent_length(texts, target)
    check_labels("y", target)
    check_classification_targets(target)
    weight = _check_weight(sample_weight, texts)
    rows = np.arange(len(texts)) if weight is None else np.flatnonzero(weight)
    n_given, texts, target = len(texts), [texts[row] for row in rows], target[rows]
    weight = None if weight is None else weight[rows]
    classes, labels = np.unique(target, return_inverse=True)
    if len(classes) < 2:
        msg = (
            f"y has {len(classes)} class, {classes.tolist()}, among the texts that count; expected "
            "2 classes or more. A classifier can't be trained on one class."
        )
        raise ValueError(msg)
    if class_weight is not None:
        factor = compute_sample_weight(class_weight, target)
        if not (np.isfinite(factor) & (factor > 0)).all():
            msg = f"class_weight is {class_weight!r}; expected finite weights > 0."
            raise ValueError(msg)
        weight = factor if weight is None else weight * factor
    costs = None
    if sample_costs is not None:
        costs = check_sample_costs(matched_rows(sample_costs, X), n_given, classes)[rows]
    return TrainingSet(texts, labels.astype(np.int32), classes, weight, costs)


def _check_weight(sample_weight: ArrayLike | None, texts: list[str]) -> NDArray[np.float64] | None:
    if sample_weight is None:
        return None
    weight: NDArray[np.float64] = _check_sample_weight(
        sample_weight, texts, dtype=np.float64, ensure_non_negative=True
    )
    if not weight.any():
        raise ValueError("sample_weight is zero for every text; expected some positive weights.")
    return weight


def check_column(estimator: CostSensitiveTextCNN, X: Any, *, reset: bool) -> None:
    """Remember a column's name, or compare it, where both sides have one."""
    if reset:
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(estimator, name):
                delattr(estimator, name)
        if n_columns(X) is not None:
            estimator.n_features_in_ = 1
    if column_names(X) is not None and (reset or hasattr(estimator, "feature_names_in_")):
        _check_feature_names(estimator, X, reset=reset)
