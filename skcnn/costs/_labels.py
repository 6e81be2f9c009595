"""Labels without surprises: enumerations, objects, names of columns, and labels as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import is_missing


def plain_label(label: Any) -> Any:
    """A member of an enumeration of strings as the string that it equals; others unchanged."""
    return str.__str__(label) if isinstance(label, str) else label


def plain_labels(labels: Any) -> Any:
    """Labels in a form that NumPy and scikit-learn take as they are meant; (n,) or (n, 1).

    - Members of an enumeration of strings become the strings that they equal. NumPy would take
      their names, cut to the length of these strings.
    - Objects that are all integers, or all booleans, become an array of these.
    - NumPy's strings of variable width become strings of fixed width, which scikit-learn knows.

    Anything else is returned as it is, also where labels are missing.
    """
    if isinstance(labels, (list, tuple)):
        if not any(isinstance(label, str) and type(label) is not str for label in labels):
            return labels
        return [plain_label(label) for label in labels]
    array = np.asarray(labels)
    if array.dtype.kind not in "OT":
        return labels
    cells: list[Any] = array.ravel().tolist()
    if not cells or any(is_missing(cell) for cell in cells):
        return array.astype(object) if array.dtype.kind == "T" else labels
    are_booleans = {isinstance(cell, (bool, np.bool_)) for cell in cells}
    are_integers = are_booleans == {False} and all(isinstance(cell, Integral) for cell in cells)
    if array.dtype.kind == "T" or are_booleans == {True} or are_integers:
        return np.array(cells).reshape(array.shape)
    if all(type(cell) is str or not isinstance(cell, str) for cell in cells):
        return labels
    plain = np.empty(len(cells), dtype=object)
    plain[:] = [plain_label(cell) for cell in cells]
    return plain.reshape(array.shape)


def label_array(labels: ArrayLike) -> NDArray[Any]:
    """`plain_labels` as an array."""
    return np.asarray(plain_labels(labels))


def match_columns(
    table: Any, labels: ArrayLike | None, name: str
) -> tuple[Any, NDArray[Any] | None]:
    """Bring the columns of a DataFrame of probabilities into the order of `labels`.

    Parameters
    ----------
    table : a DataFrame, or anything else, which is returned as it is
    labels : (K,) or None: the names of the columns are the labels
    name : what an error calls the table

    Returns
    -------
    The table, or the numbers of the DataFrame (n, K), and the labels (K,) or None.

    Raises
    ------
    ValueError
        If the names are not the labels. Names that only count the columns are no names.
    """
    given = None if labels is None else label_array(labels)
    if not hasattr(table, "columns"):
        return table, given
    names = list(table.columns)
    if _only_count(names):
        return table.to_numpy(), given
    if given is None:
        return table.to_numpy(), label_array(names)
    classes: list[Any] = given.tolist()
    if len(names) != len(classes) or any(names.count(label) != 1 for label in classes):
        raise ValueError(
            f"{name} has the columns {names[:10]}, labels is {classes[:10]}; expected columns with "
            f"these names, in any order. Rename the columns, or pass {name}.to_numpy() if they "
            "have the order of labels. Labels are compared by ==: 1 and '1' differ."
        )
    return table.to_numpy()[:, [names.index(label) for label in classes]], given


def costs_as_dict(costs: Any) -> Any:
    """A Series of costs by label as a dict; anything else as it is."""
    is_series = hasattr(costs, "index") and hasattr(costs, "to_dict")
    return costs.to_dict() if is_series and not hasattr(costs, "columns") else costs


def matrix_by_number(cost_matrix: Any, classes: NDArray[Any]) -> Any:
    """A cost matrix by name for classes that a tool has numbered; any other form as it is.

    `VotingClassifier` and other tools replace the labels by their positions among the sorted labels
    before they fit a classifier. So where the classes are 0 .. K-1 and the costs name exactly K
    labels, none of which is a number, the names in sorted order are the classes.
    """
    costs = costs_as_dict(cost_matrix)
    if isinstance(costs, Mapping):
        are_pairs = any(isinstance(key, tuple) for key in costs)
        names = [part for key in costs for part in (key if are_pairs else (key,))]
        number_of = _number_of_names(names, classes)
        if number_of is None:
            return costs
        if are_pairs:
            return {tuple(number_of[part] for part in pair): costs[pair] for pair in costs}
        return {number_of[name]: cost for name, cost in costs.items()}
    if not (hasattr(costs, "columns") and hasattr(costs, "index")):
        return costs
    number_of = _number_of_names([*costs.index, *costs.columns], classes)
    return costs if number_of is None else costs.rename(index=number_of, columns=number_of)


def sample_costs_by_number(sample_costs: Any, classes: NDArray[Any]) -> Any:
    """A DataFrame of costs of single rows, as `matrix_by_number`: the columns name the labels."""
    if not hasattr(sample_costs, "columns"):
        return sample_costs
    names = list(sample_costs.columns)
    number_of = _number_of_names(names, classes)
    if number_of is None or len(names) != len(number_of):
        return sample_costs
    return sample_costs.to_numpy()[:, np.argsort([number_of[name] for name in names])]


def _number_of_names(names: list[Any], classes: NDArray[Any]) -> dict[Any, int] | None:
    """The number of each name, if the classes are numbers and the names are exactly as many."""
    if classes.dtype.kind not in "iu" or classes.tolist() != list(range(len(classes))):
        return None
    different = set(names)
    if len(different) != len(classes) or any(isinstance(name, Real) for name in different):
        return None
    try:
        return {name: number for number, name in enumerate(sorted(different))}
    except TypeError:  # names of several types have no order
        return None


def _only_count(names: list[Any]) -> bool:
    """Whether columns are numbered in order, as pandas and Polars do without names."""
    return names in (list(range(len(names))), [f"column_{i}" for i in range(len(names))])
