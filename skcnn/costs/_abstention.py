"""Answering nothing, at a price of its own (the reject option)."""

from __future__ import annotations

import math
from datetime import date
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_abstention(
    abstain_cost: float | None, abstain_label: Any, classes: NDArray[Any]
) -> float | None:
    """Return the cost of an abstention as a float, or None where there are none.

    Raises
    ------
    ValueError
        If the cost is negative or not finite, the label is one of the classes, or it is NaN.
    TypeError
        If the cost is not a number, or the label cannot stand in one array with the classes.
    """
    if abstain_cost is None:
        return None
    if not isinstance(abstain_cost, Real):
        raise TypeError(f"abstain_cost is {abstain_cost!r}; expected None or a number >= 0.")
    if not 0 <= float(abstain_cost) < math.inf:
        raise ValueError(f"abstain_cost is {abstain_cost}; expected a finite number >= 0.")
    if _kind(abstain_label) is not _kind(classes[0]):
        raise TypeError(
            f"abstain_label is {abstain_label!r}, and labels are of the type "
            f"{type(classes.tolist()[0]).__name__}; expected a label of their type, such as -1 for "
            "numbers and 'unsure' for strings."
        )
    label = _as_one_of(classes, abstain_label)
    if label != label:  # noqa: PLR0124
        raise ValueError(
            f"abstain_label is {abstain_label!r}, which equals nothing, not even itself; expected "
            "a label that answers can be compared with."
        )
    if label in list(classes):
        raise ValueError(
            f"abstain_label is {abstain_label!r}, which is a class; expected another label."
        )
    return float(abstain_cost)


def is_abstention(answers: NDArray[Any], abstain_label: Any) -> NDArray[np.bool_]:
    """Where the answer is `abstain_label`, (n,)."""
    return np.asarray(answers == _as_one_of(answers, abstain_label), dtype=bool)


def with_abstentions(
    answers: NDArray[Any], abstained: NDArray[np.bool_], abstain_label: Any
) -> NDArray[Any]:
    """Put `abstain_label` where a row is not answered, in an array that has room for it."""
    if answers.dtype.kind == "O":
        result = answers.copy()
    else:
        label = np.asarray(_as_one_of(answers, abstain_label))
        result = answers.astype(np.result_type(answers.dtype, label.dtype))
    result[abstained] = abstain_label
    return result


def _kind(label: Any) -> type:
    """What labels have in common that can stand in one array."""
    kinds = ((Real, np.bool_), (date, np.datetime64), (str,), (bytes,))
    return next((kind[0] for kind in kinds if isinstance(label, kind)), type(label))


def _as_one_of(labels: NDArray[Any], label: Any) -> Any:
    """A date in the unit of the other dates, whichever type it has; anything else as it is."""
    if labels.dtype.kind == "M" and _kind(label) is date:
        return np.asarray(label, dtype=labels.dtype)[()]
    return label
