"""Checks of the parts of a model file, which may be damaged, edited, or made to do harm."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from reprlib import Repr
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

_REPR = Repr()
_REPR.maxstring = _REPR.maxother = 60


class PartsError(ValueError):
    """Raised where the parts of a model file do not fit together."""


def shown(value: Any) -> str:
    """Return the representation of a part of a file for a message: short, whatever it is."""
    return _REPR.repr(value)


def part(parts: Mapping[str, Any], name: str, *types: type) -> Any:
    """Return a part of a model file by its name.

    Raises
    ------
    PartsError
        If it is missing, or of none of the types. A bool is not an int.
    """
    if not isinstance(parts, Mapping):
        raise PartsError(f"{name} cannot be in {shown(parts)}, expected a mapping")
    if name not in parts:
        raise PartsError(f"{name} is missing")
    if types and type(parts[name]) not in types:
        names = " or ".join(each.__name__ for each in types)
        raise PartsError(f"{name} is of type {type(parts[name]).__name__}, expected {names}")
    return parts[name]


def check_names(parts: Any, expected: Collection[str], of: str) -> None:
    """Check that there are exactly the expected parts.

    Raises
    ------
    PartsError
        If `parts` is no mapping, a part is missing, or there is one more.
    """
    for name in expected:
        part(parts, name)
    unknown = sorted(set(parts) - set(expected))
    if unknown:
        raise PartsError(f"{of} has {shown(unknown)}, which is not expected there")


@dataclass(frozen=True, slots=True)
class ExpectedArray:
    """What an array of a model file must be.

    Attributes
    ----------
    dimensions : name of each dimension; equal names mean equal sizes
    dtypes : names of the dtypes that it may have
    values : besides being finite
    """

    dimensions: tuple[str, ...]
    dtypes: tuple[str, ...] = ("float32",)
    values: Literal["any", "positive", "not negative", "ascending"] = "any"


def check_arrays(
    arrays: Mapping[str, NDArray[Any]],
    expected: Mapping[str, ExpectedArray],
    sizes: Mapping[str, int],
    of: str,
) -> dict[str, int]:
    """Check that there are exactly the expected arrays, and that each is as expected.

    Parameters
    ----------
    arrays : arrays by their names
    expected : what each must be. Of dimensions with one name, the first sets the size.
    sizes : sizes that are known before, by the name of the dimension
    of : what the arrays belong to, for messages

    Returns
    -------
    dict of str to int
        The size of every dimension.

    Raises
    ------
    PartsError
        If an array is missing, is one too many, or has another shape, dtype or other values.
    """
    check_names(arrays, expected, of)
    sizes = dict(sizes)
    for name, wanted in expected.items():
        array = arrays[name]
        if array.ndim != len(wanted.dimensions):
            raise PartsError(
                f"{name} is {array.shape}, expected {len(wanted.dimensions)} dimensions"
            )
        for dimension, size in zip(wanted.dimensions, array.shape, strict=True):
            sizes.setdefault(dimension, size)
        shape = tuple(sizes[dimension] for dimension in wanted.dimensions)
        if array.shape != shape:
            raise PartsError(f"{name} is {array.shape}, expected {shape}")
        _check_values(name, array, wanted)
    return sizes


def _check_values(name: str, array: NDArray[Any], wanted: ExpectedArray) -> None:
    if array.dtype.name not in wanted.dtypes:
        names = " or ".join(wanted.dtypes)
        raise PartsError(f"{name} has dtype {array.dtype}, expected {names}")
    if not np.isfinite(array).all():
        raise PartsError(f"{name} has values that are not finite")
    if wanted.values == "positive" and not (array > 0).all():
        raise PartsError(f"{name} has values of 0 or below, expected positive ones")
    if wanted.values == "not negative" and not (array >= 0).all():
        raise PartsError(f"{name} has negative values, expected 0 or more")
    if wanted.values == "ascending" and not (array[1:] > array[:-1]).all():
        raise PartsError(f"{name} does not ascend")
