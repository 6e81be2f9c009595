"""One array as a member of the archive, in NumPy's format of version 1.0."""

from __future__ import annotations

import io
import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn.predicting._parts import PartsError

# Numbers alone: an array of strings would take the memory of its longest string for each.
_KINDS = "iuf"
# What NumPy writes. Nothing else is parsed, because NumPy evaluates it as a literal of Python.
_HEADER = re.compile(
    rb"\{'descr': '(?P<descr>[<>|][iuf][1248])', 'fortran_order': (?:False|True), "
    rb"'shape': \((?P<shape>(?:\d{1,18}, ?)*(?:\d{1,18})?)\), \} *\n"
)
_MAGIC, _LENGTH = b"\x93NUMPY\x01\x00", 2


def npy_bytes(name: str, array: NDArray[Any]) -> bytes:
    """Return an array of numbers as the bytes of an ``.npy`` file.

    Raises
    ------
    TypeError
        If it holds something else than integers and floats of up to 64 bits.
    """
    if array.dtype.kind not in _KINDS or array.dtype.itemsize > 8:
        raise TypeError(
            f"The array {name!r} has dtype {array.dtype}; expected integers or floats of up to 64 "
            "bits, because a model file holds nothing else. Convert it with .astype(...)."
        )
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def parse_npy(content: bytes) -> NDArray[Any]:
    """Return the array; the memory that it takes is that of the bytes.

    Raises
    ------
    PartsError
        If the bytes are not what `npy_bytes` returns.
    """
    begin = len(_MAGIC) + _LENGTH
    end = begin + int.from_bytes(content[len(_MAGIC) : begin], "little")
    found = _HEADER.fullmatch(content[begin:end])
    if not content.startswith(_MAGIC) or found is None:
        raise PartsError("it is not an array of numbers")
    dtype = np.dtype(found["descr"].decode())
    shape = [int(size) for size in found["shape"].split(b",") if size.strip()]
    # Checked before NumPy reserves memory for the shape that the member claims.
    expected, given = math.prod(shape) * dtype.itemsize, len(content) - end
    if expected != given:
        raise PartsError(f"it needs {expected:,} bytes for its shape and has {given:,}")
    try:
        array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OverflowError) as error:
        raise PartsError("it is not an array of numbers") from error
    return array.astype(dtype.newbyteorder("="), copy=False)
