"""The option ``--cost``: text to a cost matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BALANCED = "balanced"
_FORMS = "LABEL=COST, as in spam=5, TRUE:PREDICTED=COST, as in spam:ham=3, or the word balanced"


@dataclass(frozen=True)
class CostOption:
    """One option ``--cost NAME=COST``, whose name is not looked up yet."""

    name: str
    cost: float
    option: str


def parse_costs(options: Sequence[str]) -> list[CostOption] | str:
    """Check what can be checked before the labels are known.

    Returns
    -------
    list of CostOption, or "balanced"

    Raises
    ------
    ValueError
        If an option has none of the three forms, or a cost is not a number from 0 on.
    """
    if BALANCED in options:
        if len(options) > 1:
            raise ValueError("--cost balanced cannot be combined with other costs. Leave one out.")
        return BALANCED
    return [_parsed(option) for option in options]


def _parsed(option: str) -> CostOption:
    name, equals, number = option.rpartition("=")
    if not equals:
        raise ValueError(f"--cost {option}: expected {_FORMS}")
    try:
        cost = float(number)
    except ValueError as error:
        parts = option.split(",")
        if len(parts) > 1 and all("=" in part for part in parts):
            raise ValueError(_repeat(parts, option)) from error
        raise ValueError(f"--cost {option}: {number!r} is not a number; {_FORMS}") from error
    if not 0 <= cost < math.inf:
        raise ValueError(f"--cost {option}: costs are numbers >= 0; received {number}")
    return CostOption(name, cost, option)


def _repeat(parts: Sequence[str], option: str) -> str:
    repeated = " ".join(f"--cost {part.strip()}" for part in parts)
    return f"--cost {option}: one cost for each option; repeat --cost: {repeated}"


def costs_of_labels(parsed: list[CostOption] | str, classes: Sequence[str], table: str) -> Any:
    """Return a cost matrix in one of the forms of `check_cost_matrix`; None without options.

    Parameters
    ----------
    parsed : from `parse_costs`
    classes : the labels
    table : its name, for messages

    Raises
    ------
    ValueError
        If a label is unknown, an error has two costs, or no error costs anything.
    """
    if isinstance(parsed, str) or not parsed:
        return parsed or None
    costs: dict[Any, float] = {}
    for each in parsed:
        key = _key(each, classes, table)
        if key in costs:
            raise ValueError(f"--cost {each.option}: {each.name!r} already has a cost")
        costs[key] = each.cost
    if any(isinstance(key, tuple) for key in costs):
        costs = _as_pairs(costs, classes)
    _check_not_free(costs, classes)
    return costs


def _key(each: CostOption, classes: Sequence[str], table: str) -> Any:
    """Return the label that an option names, or the pair (true label, predicted label)."""
    if each.name in classes:
        return each.name
    places = [place for place, character in enumerate(each.name) if character == ":"]
    pairs = [(each.name[:place], each.name[place + 1 :]) for place in places]
    known = [pair for pair in pairs if pair[0] in classes and pair[1] in classes]
    if len(known) == 1 and known[0][0] != known[0][1]:
        return known[0]
    if known:
        raise ValueError(
            f"--cost {each.option}: expected a true label and another label that is predicted"
        )
    parts = each.option.split(",")
    if len(parts) > 1 and all("=" in part for part in parts):
        raise ValueError(_repeat(parts, each.option))
    raise ValueError(f"--cost {each.option}: {no_such_label(classes, table)}")


def _as_pairs(costs: dict[Any, float], classes: Sequence[str]) -> dict[Any, float]:
    """Write the cost of a label as those of its pairs. A pair that is named itself counts."""
    of_labels = {
        (true, predicted): costs[true]
        for true in classes
        for predicted in classes
        if true in costs and predicted != true
    }
    return of_labels | {key: cost for key, cost in costs.items() if isinstance(key, tuple)}


def _check_not_free(costs: dict[Any, float], classes: Sequence[str]) -> None:
    n_errors = len(classes) * (len(classes) - 1)
    n_named = sum(1 if isinstance(key, tuple) else len(classes) - 1 for key in costs)
    if n_named == n_errors and not any(costs.values()):
        raise ValueError("--cost: every error costs 0; expected at least one cost above 0.")


def no_such_label(classes: Sequence[str], table: str) -> str:
    """Say which labels there are."""
    known = sorted(classes)
    shown = ", ".join(map(repr, known[:20])) + (", ..." if len(known) > 20 else "")
    return f"{table} has no such label; it has {shown}"
