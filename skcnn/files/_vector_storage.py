"""Word vectors in fewer bytes: as float16, or as small integers with one scale for each row.

In the arrays of a file, vectors ``NAME`` of the storage "int8" are ``NAME_int8``, integers from
-127 to 127, and ``NAME_scales``: a vector is its integers times its scale. With "int4" each byte of
``NAME_int4`` holds two integers from -7 to 7, increased by 8. A 0 in the last place fills the byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32
from skcnn.files._budget import Budget
from skcnn.predicting._parts import ExpectedArray, PartsError, check_arrays

# What `save` takes as `word_vectors`.
Storage: TypeAlias = bool | Literal["float16", "int8", "int4"]
# The largest integer of each storage that has scales.
_LEVELS = {"int8": 127, "int4": 7}
_ZERO = 8  # what the integer 0 becomes in half a byte
# Bits of a scale: its products with integers up to 127 are exact in float32. So rounding vectors
# that were rounded before changes nothing.
_SCALE_BITS = 16


def check_storage(word_vectors: Any) -> None:
    """Raise an error unless `word_vectors` is a `Storage`."""
    # None, 0 and 1 are False, False and True, as in version 0.1.
    known = (None, True, False, "float16", *_LEVELS)
    if not (word_vectors is None or np.isscalar(word_vectors)) or word_vectors not in known:
        raise ValueError(
            f"word_vectors is {word_vectors!r}; expected True, False, 'float16', 'int8' or 'int4'."
        )


def stored(name: str, vectors: NDArray[Any], storage: Storage) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file that hold vectors (n, d), by their names.

    Raises
    ------
    ValueError
        If a vector is too large or too small: float16 would have infinity, or few digits.
    """
    if not isinstance(storage, str) or vectors.size == 0 or vectors.dtype.name == storage:
        return {name: vectors}
    highest, lowest = vectors.max(axis=1), vectors.min(axis=1)  # (n, d) -> (n,)
    largest = np.maximum(highest.astype(np.float64), -lowest.astype(np.float64))
    _check_largest(largest, storage)
    if storage == "float16":
        return {name: vectors.astype(np.float16)}
    rows, scales = _rounded(vectors.astype(np.float32), largest / _LEVELS[storage])
    packed = rows if storage == "int8" else _packed(rows)
    return {f"{name}_{storage}": packed, f"{name}_scales": scales}


def _check_largest(largest: NDArray[np.float64], storage: str) -> None:
    """Raise an error if the largest number of a vector is out of range; `largest` is (n,)."""
    is_float16 = storage == "float16"
    numbers = np.finfo(np.float16 if is_float16 else np.float32)
    low = float(numbers.smallest_normal) * _LEVELS.get(storage, 1)
    high = float(numbers.max)
    wrong = largest[(largest != 0) & ~((largest >= low) & (largest <= high))]
    if wrong.size:
        fix = "'int8' or True" if is_float16 else "True"
        raise ValueError(
            f"The largest number of a word vector is {wrong[0]:.2g}; expected 0, or from {low:.2g} "
            f"to {high:.2g} for word_vectors={storage!r}. Save with word_vectors={fix}."
        )


def _rounded(
    vectors: Float32, steps: NDArray[np.float64]
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return integers (n, d) and scales (n,) near `steps` (n,); products are near the vectors."""
    mantissas, exponents = np.frexp(steps)
    shortened = np.floor(np.ldexp(mantissas, _SCALE_BITS))
    scales = np.ldexp(shortened, exponents - _SCALE_BITS).astype(np.float32)
    divisors = np.where(scales > 0, scales, np.float32(1))
    return np.rint(vectors / divisors[:, np.newaxis]).astype(np.int8), scales


def _packed(rows: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Return two integers in each byte, (n, d) -> (n, d / 2 rounded up)."""
    halves = (rows + np.int8(_ZERO)).astype(np.uint8)
    if halves.shape[1] % 2:
        halves = np.pad(halves, ((0, 0), (0, 1)))
    return (halves[:, ::2] << 4 | halves[:, 1::2]).astype(np.uint8)


def _unpacked(packed: NDArray[np.uint8], name: str) -> NDArray[np.int8]:
    halves = np.stack([packed >> 4, packed & 15], axis=2).reshape(len(packed), -1)  # (n, d)
    if halves.size and not halves[:, -1].any():
        halves = halves[:, :-1]
    if not halves.all():
        raise PartsError(f"{name} has an empty half of a byte where a number is expected")
    return halves.astype(np.int8) - np.int8(_ZERO)


def read_stored(arrays: Mapping[str, NDArray[Any]], budget: Budget) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file with all vectors as numbers, float32 where they had scales.

    Raises
    ------
    PartsError
        If integers have no scales, do not fit them, or vectors are there twice.
    """
    found = dict(arrays)
    for name in arrays:
        base, _, storage = name.rpartition("_")
        if storage in _LEVELS:
            if base in found:
                raise PartsError(f"{name} and {base} are both there, expected one of them")
            names = (name, f"{base}_scales")
            own = {each: found.pop(each) for each in names if each in found}
            found[base] = _multiplied(own, *names, budget)
    return found


def _multiplied(own: Mapping[str, NDArray[Any]], name: str, scales: str, budget: Budget) -> Float32:
    """Return vectors (n, d) from the two arrays that hold them, which are checked."""
    is_packed = name.endswith("_int4")
    expected = {
        name: ExpectedArray(("n", "d"), ("uint8" if is_packed else "int8",)),
        scales: ExpectedArray(("n",), ("float16", "float32"), "not negative"),
    }
    check_arrays(own, expected, {}, name)
    rows: NDArray[Any] = own[name]
    budget.take((8 if is_packed else 4) * rows.size, name)  # float32
    if is_packed:
        rows = _unpacked(rows, name)
    with np.errstate(over="ignore"):  # whoever takes the vectors refuses infinity
        return rows.astype(np.float32) * own[scales].astype(np.float32)[:, np.newaxis]
