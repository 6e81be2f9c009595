"""One zip archive of JSON and arrays, safe to read.

``header.json`` holds text and numbers, each ``NAME.npy`` one array. Nothing is compressed:
compression saves less than a tenth and takes twenty times as long, and without it the memory that
reading needs is bounded by the size of the file. Nothing is pickled, so reading runs no code from
the file. Equal contents give equal bytes.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import struct
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skcnn.disk._atomic import replacing

FORMAT = "skcnn-model"
FORMAT_VERSION = 4

_HEADER = "header.json"
_MEMBER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.npy")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_ARRAY_KINDS = "biufU"
# The errors that zipfile raises for damaged files.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    EOFError,
    OSError,
    RuntimeError,
    UnicodeDecodeError,
    struct.error,
)


def write(
    path: str | os.PathLike[str], header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write a header and named arrays to one file, completely or not at all.

    Parameters
    ----------
    path : str or path
        The file. An older file of that name is replaced at the very end. If anything fails
        before, the older file stays. A link stays a link, and the file keeps its mode.
    header : mapping
        What JSON can hold unchanged: string keys, lists, no NaN. `encode_value` turns other
        values into that. Put long lists of words here and not into an array of strings, where
        each string takes the memory of the longest.
    arrays : mapping of str to ndarray
        Booleans, numbers or strings of any shape. Names are made of letters, digits and ``._-``.

    Raises
    ------
    TypeError
        If JSON cannot hold the header unchanged, or an array holds Python objects.
    ValueError
        If the name of an array cannot be the name of a member.
    OSError
        If the file cannot be written.
    """
    members = {f"{name}.npy": _array_bytes(name, array) for name, array in sorted(arrays.items())}
    sizes = {name: len(content) for name, content in members.items()}
    members = {_HEADER: _header_bytes(header, sizes)} | members

    with replacing(path) as file:
        _write_members(file, members)


class Archive(NamedTuple):
    """What `read` found in a file.

    Attributes
    ----------
    format_version : int
        From 1 to `FORMAT_VERSION`.
    header : dict
        The header as given to `write`.
    arrays : dict of str to ndarray
        The arrays as given to `write`.
    """

    format_version: int
    header: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def read(path: str | os.PathLike[str]) -> Archive:
    """Read what `write` wrote, without running any code from the file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    Archive

    Raises
    ------
    ValueError
        If the file is not a model file, is damaged, or was written in a newer format.
    """
    path = os.fspath(path)
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                sizes = _checked_sizes(archive, path, file_size=os.fstat(file.fileno()).st_size)
                header = _parsed_header(archive.read(_HEADER), path)
                if header["arrays"] != sizes:
                    raise _damaged(path, "its arrays are not those that its header lists")
                arrays = {
                    name.removesuffix(".npy"): _parsed_array(archive.read(name), name, path)
                    for name in sizes
                }
        except _ZIP_ERRORS as error:
            raise _damaged(path, _zip_complaint(file)) from error
    return Archive(header["format_version"], header["content"], arrays)


def written_by(path: str | os.PathLike[str]) -> tuple[int, str]:
    """Return the version of the format of a model file, and the version of skcnn that wrote it.

    Raises
    ------
    ValueError
        As `read`.
    """
    path = os.fspath(path)
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                header = _parsed_header(archive.read(_HEADER), path)
        except (*_ZIP_ERRORS, KeyError) as error:
            raise _damaged(path, _zip_complaint(file)) from error
    return header["format_version"], str(header.get("skcnn_version", ""))


# ---------------------------------------------------------------------------------------------
# Writing
# ---------------------------------------------------------------------------------------------


def _header_bytes(content: Mapping[str, Any], sizes: Mapping[str, int]) -> bytes:
    from skcnn import __version__

    content = dict(content)
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "skcnn_version": __version__,
        "arrays": dict(sizes),
        "content": content,
    }
    try:
        text = json.dumps(header, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except ValueError as error:
        raise TypeError(f"JSON cannot hold the header: {error}. Use encode_value.") from error
    # JSON turns the key 1 into "1" and a tuple into a list, without an error.
    if json.loads(text)["content"] != content:
        raise TypeError("JSON cannot hold the header unchanged. Use encode_value.")
    return text.encode("utf-8", "surrogatepass")


def _array_bytes(name: str, array: NDArray[Any]) -> bytes:
    if not _MEMBER.fullmatch(f"{name}.npy"):
        raise ValueError(f"An array is named {name!r}; use letters, digits, '_', '.' and '-' only.")
    if array.dtype.kind not in _ARRAY_KINDS:
        raise TypeError(
            f"The array {name!r} has dtype {array.dtype}; expected booleans, numbers or strings, "
            "because a model file holds nothing else. Convert it with .astype(...)."
        )
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _write_members(file: BinaryIO, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, date_time=_ZIP_EPOCH)
            info.create_system = 3  # the same bytes on every operating system
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)


# ---------------------------------------------------------------------------------------------
# Reading
# ---------------------------------------------------------------------------------------------


def _damaged(path: str, what: str) -> ValueError:
    return ValueError(
        f"{path} is not a complete skcnn model file: {what}. Copy or save the model again."
    )


def _zip_complaint(file: BinaryIO) -> str:
    file.seek(0)
    starts_as_zip = file.read(4) == b"PK\x03\x04"
    return "it is cut short or damaged" if starts_as_zip else "it is not a zip archive"


def _checked_sizes(archive: zipfile.ZipFile, path: str, *, file_size: int) -> dict[str, int]:
    """Sizes of the array members in bytes, after all checks that do not read the members."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if names.count(_HEADER) != 1:
        found = "no" if _HEADER not in names else "two or more"
        raise _damaged(path, f"it holds {found} {_HEADER}")
    if len(set(names)) < len(names):
        raise _damaged(path, "two members have the same name")
    for member in members:
        if member.filename != _HEADER and not _MEMBER.fullmatch(member.filename):
            raise _damaged(path, f"a member is named {member.filename!r}")
        # Uncompressed members cannot grow when they are read: a zip bomb is impossible.
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 0x1:
            raise _damaged(path, f"{member.filename} is compressed or encrypted")
    total = sum(member.file_size for member in members)
    if total > file_size:
        raise _damaged(path, f"its members claim {total:,} bytes, the file has {file_size:,}")
    return {member.filename: member.file_size for member in members if member.filename != _HEADER}


def _parsed_header(text: bytes, path: str) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"{_HEADER} is not JSON") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise _damaged(path, f"{_HEADER} does not name the format {FORMAT!r}")
    version = header.get("format_version")
    if type(version) is not int or version < 1:
        raise _damaged(path, f"its format version is {version!r}")
    if version > FORMAT_VERSION:
        from skcnn import __version__

        raise ValueError(
            f"{path} was written by skcnn {header.get('skcnn_version')} in file format {version}; "
            f"this is skcnn {__version__}, which reads up to format {FORMAT_VERSION}. "
            "Upgrade with: pip install --upgrade skcnn"
        )
    if not isinstance(header.get("content"), dict) or "arrays" not in header:
        raise _damaged(path, f"{_HEADER} is incomplete")
    return header


def _parsed_array(content: bytes, name: str, path: str) -> NDArray[Any]:
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read_header(stream)
    except (ValueError, KeyError) as error:
        raise _damaged(path, f"{name} is not an array") from error
    if dtype.kind not in _ARRAY_KINDS:
        raise _damaged(path, f"{name} has dtype {dtype}, neither numbers nor strings")
    # Checked before NumPy reserves memory for the shape that the member claims.
    expected, found = math.prod(shape) * dtype.itemsize, len(content) - stream.tell()
    if expected != found or min(shape, default=0) < 0:
        raise _damaged(path, f"{name} needs {expected:,} bytes for its shape and has {found:,}")
    stream.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array
