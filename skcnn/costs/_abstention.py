"""Answering nothing, at a price of its own (the reject option)."""

from __future__ import annotations

import math
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
        If the cost is negative or not finite, or the label is one of the classes.
    TypeError
        If the cost is not a number, or the label cannot stand in one array with the classes.
    """
    if abstain_cost is None:
        return None
    if not isinstance(abstain_cost, Real):
        raise TypeError(f"abstain_cost is {abstain_cost!r}; expected None or a number >= 0.")
    if not 0 <= float(abstain_cost) < math.inf:
        raise ValueError(f"abstain_cost is {abstain_cost}; expected a finite number >= 0.")
    labels: list[Any] = classes.tolist()
    is_string, is_number = isinstance(abstain_label, str), isinstance(abstain_label, Real)
    if is_string != isinstance(labels[0], str) or not (is_string or is_number):
        raise TypeError(
            f"abstain_label is {abstain_label!r}, and labels are of the type "
            f"{type(labels[0]).__name__}; expected a label of their type, such as -1 for numbers "
            "and 'unsure' for strings."
        )
    if abstain_label in labels:
        raise ValueError(
            f"abstain_label is {abstain_label!r}, which is a class; expected another label."
        )
    return float(abstain_cost)


def with_abstentions(
    answers: NDArray[Any], abstained: NDArray[np.bool_], abstain_label: Any
) -> NDArray[Any]:
    """Put `abstain_label` where a row is not answered, in an array that has room for it."""
    if answers.dtype.kind == "O":
        result = answers.copy()
    else:
        label = np.asarray(abstain_label)
        result = answers.astype(np.result_type(answers.dtype, label.dtype))
    result[abstained] = abstain_label
    return result
