"""Cost matrices for a grid search that are short and readable in its results."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from itertools import product
from numbers import Real
from typing import Any, overload

from skcnn.costs._matrix import check_keys


@overload
def cost_grid(label: Mapping[Any, Iterable[float]]) -> list[dict[Any, float]]: ...


@overload
def cost_grid(label: Hashable, costs: Iterable[float]) -> list[dict[Any, float]]: ...


def cost_grid(
    label: Hashable | Mapping[Any, Iterable[float]],
    costs: Iterable[float] | None = None,
) -> list[dict[Any, float]]:
    """Cost matrices to search over, as short dicts that stay readable in ``cv_results_``.

    Search tools also accept arrays and DataFrames as values of ``cost_matrix``, but print each one
    on several lines. The result is a plain list: append ``[None, "balanced"]`` to compare with
    these too.

    Parameters
    ----------
    label : label, pair of labels, or mapping
        A label: `costs` are costs of missing it. Or a pair (true label, predicted label): `costs`
        are costs of that error alone. Or a mapping from labels or pairs to their costs: every
        combination of these costs is tried.
    costs : iterable of float, default=None
        The costs to try, finite and not negative. Left out if `label` is a mapping.

    Returns
    -------
    list of dict
        One dict for each cost, or combination of costs, in the given order. The costs of the last
        key vary fastest.

    Raises
    ------
    TypeError
        If `costs` is missing, is given together with a mapping, or holds something other than
        numbers.
    ValueError
        If there are no costs, or one is negative or not finite.

    Examples
    --------
    >>> from skcnn.costs import cost_grid, decide
    >>> for costs in cost_grid("spam", [1, 2, 5]):
    ...     print(costs, decide([[0.7, 0.3]], costs, labels=["ham", "spam"]))
    {'spam': 1} ['ham']
    {'spam': 2} ['ham']
    {'spam': 5} ['spam']
    >>> cost_grid({"spam": [2, 5], "fraud": [10]})
    [{'spam': 2, 'fraud': 10}, {'spam': 5, 'fraud': 10}]
    """
    choices = _check_choices(label, costs)
    check_keys(choices)
    keys = [_plain(key) for key in choices]
    values = [_check_costs(key, options) for key, options in choices.items()]
    return [dict(zip(keys, combination, strict=True)) for combination in product(*values)]


def _check_choices(label: Any, costs: Any) -> dict[Any, Any]:
    """Both forms of the arguments as a mapping from keys to their costs, which is not empty."""
    if not isinstance(label, Mapping):
        if costs is None:
            raise TypeError(f"costs is missing; expected cost_grid({label!r}, [1, 2, 5, 10]).")
        if not isinstance(label, Hashable):
            raise TypeError(
                f"label is {label!r}; expected a label, a pair (true label, predicted label), or a "
                "mapping {label: costs} for several."
            )
        return {label: costs}
    if costs is not None:
        raise TypeError(
            f"costs is {costs!r}, together with a mapping that has costs of its own; expected "
            "cost_grid({label: costs, ...}) or cost_grid(label, costs)."
        )
    if not label:
        raise ValueError("The mapping is empty; expected at least one label with its costs.")
    return dict(label)


def _check_costs(key: Any, costs: Any) -> list[float]:
    if isinstance(costs, str) or not isinstance(costs, Iterable):
        raise TypeError(f"The costs of {key!r} are {costs!r}; expected a list such as [1, 2, 5].")
    checked = [_plain(cost) for cost in costs]
    for cost in checked:
        if not isinstance(cost, Real):
            raise TypeError(f"The costs of {key!r} hold {cost!r}; expected numbers.")
        if not 0 <= float(cost) < math.inf:
            raise ValueError(
                f"The costs of {key!r} hold {cost}; expected finite numbers >= 0, as missing a "
                "class cannot be cheaper than finding it."
            )
    if not checked:
        raise ValueError(f"The costs of {key!r} are empty; expected a list such as [1, 2, 5].")
    return checked


def _plain(value: Any) -> Any:
    """Turn NumPy scalars into Python's, whose repr is short: np.str_('spam') -> 'spam'."""
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    return value.item() if hasattr(value, "item") else value
