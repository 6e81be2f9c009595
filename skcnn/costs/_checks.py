"""Checks that several functions share: probabilities, scores, labels, weights, ratios of costs."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float64, is_missing

# Float32 rounding and numbers rounded to three digits pass. Logits and percentages do not.
_SUM_TOLERANCE = 1e-3
# Sums that are off by less look like numbers rounded to two digits or to bfloat16. Logits and
# percentages are as a rule further off.
_ROUNDED_SUM = 0.1


def check_probabilities(values: ArrayLike, name: str) -> Float64:
    """Return `values` as a new (n, K) float64 array, each row a probability distribution.

    Raises
    ------
    ValueError
        If the shape is wrong, a number is negative or a row does not sum to 1. The message names
        the first such row.
    """
    table = np.array(values, dtype=np.float64)  # (n, K)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(
            f"{name} has shape {table.shape}; expected (n_samples, n_classes) with one column "
            "per class, as from predict_proba. For a single column p, pass "
            "np.column_stack([1 - p, p])."
        )
    valid = are_distributions(table)
    if not valid.all():
        row = int(np.argmin(valid))
        total = table[row].sum()
        fix = (
            "Pass probabilities, as from predict_proba or a softmax; apply a softmax to logits "
            "first."
        )
        if table[row].min() >= 0 and abs(total - 1) <= _ROUNDED_SUM:
            fix = (
                f"They sum to {total:.6g}. If they were rounded, divide by the sums: "
                "P / P.sum(axis=1, keepdims=True)."
            )
        raise ValueError(
            f"{name}[{row}] is {table[row].tolist()}; expected numbers >= 0 that sum to 1. {fix}"
        )
    return table


def are_distributions(table: Float64) -> NDArray[np.bool_]:
    """Whether each row of (n, K) is a probability distribution, (n,)."""
    # NaN and infinity fail these comparisons too.
    sums_to_one = np.abs(table.sum(axis=1) - 1) <= _SUM_TOLERANCE
    return (table.min(axis=1) >= 0) & sums_to_one  # type: ignore[no-any-return]


def check_finite_scores(y_score: Float64) -> None:
    """Raise ValueError where a score of the positive class is NaN or infinite."""
    finite = np.isfinite(y_score)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(
            f"y_prob[{row}] is {y_score[row]}; expected finite numbers. Remove the rows without a "
            "score."
        )


def check_positive_probabilities(sorted_scores: Float64) -> None:
    """Raise ValueError where sorted scores of the positive class are not in [0, 1]."""
    if sorted_scores[0] < 0 or sorted_scores[-1] > 1:
        raise ValueError(
            f"y_prob goes from {sorted_scores[0]:g} to {sorted_scores[-1]:g}; expected "
            "probabilities of the positive class, from 0 to 1. For other scores use cost_curve, "
            "which CostCurveDisplay draws."
        )


def check_has_probabilities(estimator: Any) -> None:
    """Raise TypeError where a classifier is a class, or has no `predict_proba`."""
    if isinstance(estimator, type):
        name = estimator.__name__
        raise TypeError(f"estimator is the class {name}; expected an object: {name}(...).")
    if not _has_probabilities(estimator):
        raise TypeError(
            f"estimator is a {type(estimator).__name__}, which has no predict_proba; expected a "
            "classifier with probabilities. Wrap it in sklearn.calibration.CalibratedClassifierCV."
        )


def _has_probabilities(estimator: Any) -> bool:
    """Whether a classifier has `predict_proba` once it is fitted.

    Before, a stack with the default `final_estimator` has none, nor has what is around one.
    """
    if hasattr(estimator, "predict_proba"):
        return True
    from sklearn.ensemble import StackingClassifier
    from sklearn.pipeline import Pipeline

    if isinstance(estimator, StackingClassifier):
        return estimator.final_estimator is None  # LogisticRegression
    if isinstance(estimator, Pipeline):
        return _has_probabilities(estimator.steps[-1][1])
    # A search and its like have the method if what they fit has it.
    inside = getattr(estimator, "estimator", None)
    is_passed_on = inside is not None and hasattr(type(estimator), "predict_proba")
    return is_passed_on and _has_probabilities(inside)


def check_labels(name: str, y: NDArray[Any]) -> None:
    """Raise where labels are missing or too large (ValueError), or cannot be sorted (TypeError)."""
    _check_size(name, y)
    if y.dtype.kind != "O":
        return
    labels = y.tolist()
    missing = [row for row, label in enumerate(labels) if is_missing(label)]
    if missing:
        raise ValueError(
            f"{name} has missing labels (None or NaN) in {len(missing)} of {len(labels)} rows, the "
            f"first is row {missing[0]} (counted from 0); expected a label for every row. "
            "Remove these rows."
        )
    try:
        sorted(set(labels))
    except TypeError as error:
        types = sorted({type(label).__name__ for label in labels})
        raise TypeError(
            f"{name} has labels of the types {types}, which cannot be sorted together; expected "
            "labels of one type. Convert them, for example all to strings."
        ) from error


def _check_size(name: str, y: NDArray[Any]) -> None:
    """Raise where a label is an integer that NumPy turns into a float, or leaves as an object."""
    if y.dtype.kind not in "fO":
        return
    candidates = y if y.dtype.kind == "O" else y[np.abs(y) >= 2.0**63]
    for label in candidates.tolist():
        is_number = isinstance(label, (int, float, np.integer, np.floating))
        if is_number and 2**63 <= abs(label) < np.inf:
            raise ValueError(
                f"{name} has the label {label!r}; expected integers from -2**63 to 2**63 - 1. "
                "NumPy has no type for a list with larger ones. For labels from 0 to 2**64 - 1 "
                f"write numpy.array({name}, dtype='uint64'), for others convert the labels to "
                "strings."
            )


def check_weights(sample_weight: ArrayLike | None, n_samples: int) -> Float64:
    """Return weights of the rows as an array (n_samples,); None gives each row the weight 1."""
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
            "each row. Give the weight 0 to a row that must not count."
        )
    return weight


def check_not_negative(name: str, value: float) -> None:
    """Raise ValueError where a parameter is negative, NaN or infinite."""
    if not (isinstance(value, Real) and 0 <= value < np.inf):
        raise ValueError(f"{name} is {value!r}; expected a finite number >= 0.")


def check_ratios(ratios: ArrayLike | Iterable[float]) -> Float64:
    """Return ratios, the cost of a miss divided by that of another error, as (n_ratios,)."""
    array = np.array(list(ratios) if isinstance(ratios, Iterable) else ratios, dtype=np.float64)
    if array.ndim != 1 or not array.size or not (np.isfinite(array) & (array > 0)).all():
        raise ValueError(
            f"ratios is {ratios!r}; expected finite numbers above 0, such as [1, 2, 5]: the cost "
            "of a miss divided by the cost of another error."
        )
    return array
