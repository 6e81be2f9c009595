"""One zip archive of JSON and arrays, safe to read.

``header.json`` holds text and numbers, each ``NAME.npy`` one array. Nothing is compressed:
compression saves less than a tenth and takes twenty times as long, and without it the memory that
reading needs is bounded by the size of the file. Nothing is pickled, so reading runs no code from
the file. Equal contents give equal bytes.

From format 5 on, the comment of the archive is a digest of all names and contents. So parts of two
files cannot be mixed unnoticed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

from numpy.typing import NDArray

from skcnn.disk._atomic import replacing
from skcnn.disk._regular import kind_of_other
from skcnn.files._budget import Budget
from skcnn.files._errors import ModelFileError, file_error
from skcnn.files._json import parse_json
from skcnn.files._npy import npy_bytes, parse_npy
from skcnn.predicting._parts import PartsError, check_names, part, shown

FORMAT = "skcnn-model"
FORMAT_VERSION = 6

_FIRST_WITH_DIGEST = 5
_HEADER = "header.json"
_HEADER_KEYS = ("format", "format_version", "skcnn_version", "arrays", "content")
_MEMBER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.npy")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,40}")


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
        values into that. Words go here.
    arrays : mapping of str to ndarray
        Integers or floats of any shape. Names are made of letters, digits and ``._-``.

    Raises
    ------
    TypeError
        If JSON cannot hold the header unchanged, or an array holds anything but numbers.
    ValueError
        If the name of an array cannot be the name of a member.
    OSError
        If the file cannot be written.
    """
    members = {f"{name}.npy": _checked_bytes(name, array) for name, array in sorted(arrays.items())}
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
    budget : Budget
        The memory that may still be reserved because the header says so.
    """

    format_version: int
    header: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    budget: Budget


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
    OSError
        If there is no such file, or it may not be read.
    ModelFileError
        If the file is not a model file, is damaged, or was written in a newer format.
    """
    path = os.fspath(path)
    kind = kind_of_other(path)
    if kind is not None:  # a pipe or a device may never end
        raise file_error(path, f"is {kind}; expected a file that save wrote", "Give its path.")
    with _Bounded(open(path, "rb", buffering=0)) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return _read(archive, path, file_size=os.fstat(file.fileno()).st_size)
        except ModelFileError:
            raise
        except PartsError as error:
            raise _damaged(path, str(error)) from error
        except MemoryError:
            raise
        except Exception as error:  # zipfile raises many types for damaged files
            raise _damaged(path, _zip_complaint(file)) from error


def written_by(path: str | os.PathLike[str]) -> tuple[int, str]:
    """Return the format of a file that `read` accepts, and the version of skcnn that wrote it."""
    with zipfile.ZipFile(path) as archive:
        header = json.loads(archive.read(_HEADER))
    return header["format_version"], str(header["skcnn_version"])


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


def _checked_bytes(name: str, array: NDArray[Any]) -> bytes:
    if not _MEMBER.fullmatch(f"{name}.npy"):
        raise ValueError(f"An array is named {name!r}; use letters, digits, '_', '.' and '-' only.")
    return npy_bytes(name, array)


class _Digest:
    """SHA-256 of the names and contents of the members, in the order of the archive."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, name: str, content: bytes) -> None:
        self._hash.update(f"{name} {len(content)}\n".encode())
        self._hash.update(content)

    def as_comment(self) -> bytes:
        return f"sha256:{self._hash.hexdigest()}".encode()


def _write_members(file: BinaryIO, members: Mapping[str, bytes]) -> None:
    digest = _Digest()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, date_time=_ZIP_EPOCH)
            info.create_system = 3  # the same bytes on every operating system
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
            digest.add(name, content)
        archive.comment = digest.as_comment()


# ---------------------------------------------------------------------------------------------
# Reading
# ---------------------------------------------------------------------------------------------


class _Bounded(io.BufferedReader):
    """A file that reserves no memory for more bytes than it has, whatever zipfile asks for."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size >= 0:
            size = min(size, max(0, os.fstat(self.fileno()).st_size - self.tell()))
        return super().read(size)


def _damaged(path: str, what: str) -> ModelFileError:
    return file_error(path, f"is not a complete skcnn model file: {what}")


def _zip_complaint(file: BinaryIO) -> str:
    file.seek(0)
    starts_as_zip = file.read(4) == b"PK\x03\x04"
    return "it is cut short or damaged" if starts_as_zip else "it is not a zip archive"


def _read(archive: zipfile.ZipFile, path: str, *, file_size: int) -> Archive:
    sizes = _checked_sizes(archive, file_size)
    budget, digest, arrays = Budget(file_size), _Digest(), {}
    header: dict[str, Any] = {}
    # In this order, so that the header is judged before an array is read.
    for name in [_HEADER, *(name for name in sizes if name != _HEADER)]:
        content = archive.read(name)
        digest.add(name, content)
        if name == _HEADER:
            header = _parsed_header(content, path, budget)
            if header["arrays"] != {each: sizes[each] for each in sizes if each != _HEADER}:
                raise PartsError("its arrays are not those that its header lists")
        else:
            arrays[name.removesuffix(".npy")] = _parsed_array(content, name)
    version = header["format_version"]
    if archive.comment != (digest.as_comment() if version >= _FIRST_WITH_DIGEST else b""):
        raise PartsError(
            "it is cut short or damaged, or parts of two files were mixed; its digest is not that "
            "of its contents"
        )
    return Archive(version, header["content"], arrays, budget)


def _checked_sizes(archive: zipfile.ZipFile, file_size: int) -> dict[str, int]:
    """Sizes of the members in bytes, after all checks that do not read the members."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if names.count(_HEADER) != 1:
        found = "no" if _HEADER not in names else "two or more"
        raise PartsError(f"it holds {found} {_HEADER}")
    if len(set(names)) < len(names):
        raise PartsError("two members have the same name")
    for member in members:
        if member.filename != _HEADER and not _MEMBER.fullmatch(member.filename):
            raise PartsError(f"a member is named {shown(member.filename)}")
        # Uncompressed members cannot grow when they are read: a zip bomb is impossible.
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 0x1:
            raise PartsError(f"{member.filename} is compressed or encrypted")
    total = sum(member.file_size for member in members)
    if total > file_size:
        raise PartsError(f"its members claim {total:,} bytes, the file has {file_size:,}")
    return {member.filename: member.file_size for member in members}


def _parsed_header(content: bytes, path: str, budget: Budget) -> dict[str, Any]:
    try:
        header = parse_json(content, budget)
    except PartsError as error:
        raise PartsError(f"{_HEADER} cannot be read, {error}") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise PartsError(f"{_HEADER} does not name the format {FORMAT!r}")
    version = header.get("format_version")
    if type(version) is not int or version < 1:
        raise PartsError(f"its format version is {shown(version)}")
    if version > FORMAT_VERSION:
        raise _too_new(path, version, header.get("skcnn_version"))
    check_names(header, _HEADER_KEYS, _HEADER)
    part(header, "content", dict)
    return header


def _too_new(path: str, version: int, writer: Any) -> ModelFileError:
    from skcnn import __version__

    # Not shown as it is: the file may have been made by anyone.
    named = writer if isinstance(writer, str) and _VERSION.fullmatch(writer) else "(unknown)"
    what = (
        f"was written by skcnn {named} in file format {shown(version)}; this is skcnn "
        f"{__version__}, which reads up to format {FORMAT_VERSION}"
    )
    return file_error(path, what, "Upgrade with: pip install --upgrade skcnn")


def _parsed_array(content: bytes, name: str) -> NDArray[Any]:
    try:
        return parse_npy(content)
    except PartsError as error:
        raise PartsError(f"{name} cannot be read, {error}") from error
