"""Abstentions: no prediction for a row, at a fixed cost (the reject option)."""

from __future__ import annotations

import math
from datetime import date
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn.costs._labels import plain_label


def check_abstention(
    abstain_cost: float | None, abstain_label: Any, classes: NDArray[Any]
) -> float | None:
    """Return the cost of an abstention as a float, or None where `abstain_cost` is None.

    Raises
    ------
    ValueError
        If the cost is negative or not finite, or the label is a class or NaN.
    TypeError
        If the cost is not a number, or the label has another type than the classes.
    """
    if abstain_cost is None:
        return None
    if not isinstance(abstain_cost, Real):
        raise TypeError(f"abstain_cost is {abstain_cost!r}; expected None or a number >= 0.")
    if not 0 <= float(abstain_cost) < math.inf:
        raise ValueError(f"abstain_cost is {abstain_cost}; expected a finite number >= 0.")
    if _kind(abstain_label) is not _kind(classes[0]):
        raise TypeError(
            f"abstain_label is {abstain_label!r}, and the classes have the type "
            f"{type(classes.tolist()[0]).__name__}; expected a label of the same type, such as -1 "
            "for numbers and 'unsure' for strings."
        )
    label = _in_unit_of(classes, abstain_label)
    if label != label:  # noqa: PLR0124
        raise ValueError(
            f"abstain_label is {abstain_label!r}, which is not equal to itself; expected a label "
            "that can be found among the predictions by ==."
        )
    if label in list(classes):
        raise ValueError(
            f"abstain_label is {abstain_label!r}, which is a class; expected another label."
        )
    return float(abstain_cost)


def is_abstention(y_pred: NDArray[Any], abstain_label: Any) -> NDArray[np.bool_]:
    """Where the prediction is `abstain_label`, (n,)."""
    return np.asarray(y_pred == _in_unit_of(y_pred, abstain_label), dtype=bool)


def with_abstentions(
    y_pred: NDArray[Any], abstained: NDArray[np.bool_], abstain_label: Any
) -> NDArray[Any]:
    """Put `abstain_label` into some rows of a copy, (n,), with a dtype that can hold it."""
    label = _in_unit_of(y_pred, abstain_label)
    if y_pred.dtype.kind == "O":
        result = y_pred.copy()
    else:
        result = y_pred.astype(np.result_type(y_pred.dtype, np.asarray(label).dtype))
    result[abstained] = label
    return result


def _kind(label: Any) -> type:
    """The common type of labels that can be in one array: Real for 1, 1.0 and np.int8(1)."""
    kinds = ((Real, np.bool_), (date, np.datetime64), (str,), (bytes,))
    return next((kind[0] for kind in kinds if isinstance(label, kind)), type(label))


def _in_unit_of(labels: NDArray[Any], label: Any) -> Any:
    """A date in the unit of the dates in `labels`; any other label as `plain_label`."""
    if labels.dtype.kind == "M" and _kind(label) is date:
        return np.asarray(label, dtype=labels.dtype)[()]
    return plain_label(label)
