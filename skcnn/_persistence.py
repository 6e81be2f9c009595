"""The file that a fitted estimator is saved in: one zip archive of JSON and arrays.

``header.json`` holds text and numbers, ``NAME.npy`` one array each. Nothing is compressed
(weights shrink by less than a tenth, and take twenty times as long to write), so what a file
asks for in memory is bounded by its size on disk. Nothing is pickled, so reading runs no code
from the file. Equal contents give equal bytes.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import secrets
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

FORMAT = "skcnn-model"
FORMAT_VERSION = 2

_HEADER = "header.json"
_MEMBER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.npy")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_ARRAY_KINDS = "biufU"
_MAX_CHARACTERS = 2**26
# What zipfile raises on damaged bytes, wherever they lead it.
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
        The file. An older file of that name is replaced at the very end; if anything fails
        before, it stays as it was.
    header : mapping
        What JSON can hold unchanged: string keys, lists, no NaN. `encode_value` turns other
        values into that. Long lists of words belong here rather than into an array of strings,
        where each takes the room of the longest.
    arrays : mapping of str to ndarray
        Booleans, numbers or strings of any shape. Names are made of letters, digits and ``._-``.

    Raises
    ------
    TypeError
        If the header is more than JSON, or an array holds Python objects.
    ValueError
        If the name of an array cannot be the name of a member.
    """
    members = {f"{name}.npy": _array_bytes(name, array) for name, array in sorted(arrays.items())}
    sizes = {name: len(content) for name, content in members.items()}
    members = {_HEADER: _header_bytes(header, sizes)} | members

    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target.parent} is not a folder; create it before saving there.")
    _replace(target, lambda file: _write_members(file, members))


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what `write` wrote, without running any code from the file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    header : dict
        The header as given to `write`.
    arrays : dict of str to ndarray
        The arrays as given to `write`.

    Raises
    ------
    ValueError
        If the file is no model file, is damaged, or was written in a newer format.
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
    return header["content"], arrays


def encode_value(value: Any, name: str = "value") -> Any:
    """Turn one parameter of an estimator into JSON.

    Parameters
    ----------
    value : object
        None, a bool, int, float or str; a list, tuple or dict of these (the keys may be numbers
        and tuples too); a NumPy number, string or array of them; a pandas DataFrame of numbers.
    name : str, default="value"
        What an error calls it: the parameter's name.

    Returns
    -------
    object
        Something that JSON holds unchanged; `decode_value` turns it back.

    Raises
    ------
    TypeError
        For everything else, such as functions and Keras objects.

    Examples
    --------
    >>> encode_value({("spam", "ham"): 5.0})
    {'type': 'dict', 'items': [[{'type': 'tuple', 'items': ['spam', 'ham']}, 5.0]]}
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"type": "float", "value": str(value)}
    if kind in (list, tuple):
        items = [encode_value(item, f"{name}[{i}]") for i, item in enumerate(value)]
        return items if kind is list else {"type": "tuple", "items": items}
    if kind is dict:
        pairs = [
            [encode_value(key, f"a key of {name}"), encode_value(item, f"{name}[{key!r}]")]
            for key, item in value.items()
        ]
        return {"type": "dict", "items": pairs}
    if isinstance(value, np.generic | np.ndarray):
        return _encode_array(value, name)
    if kind.__name__ == "DataFrame" and kind.__module__.split(".")[0] == "pandas":
        return _encode_frame(value, name)
    raise TypeError(
        f"{name} is of type {kind.__module__}.{kind.__qualname__}, which a model file does not "
        f"hold: it holds names, numbers, lists and tables, never code. Set it to one of those "
        "before saving, or save with pickle or joblib."
    )


def decode_value(value: Any) -> Any:
    """Turn the JSON of `encode_value` back into the value.

    Parameters
    ----------
    value : object
        What `encode_value` returned, possibly after a way through a file.

    Returns
    -------
    object
        The value that `encode_value` was given. An array of strings is as wide as its longest
        string needs.

    Raises
    ------
    ValueError
        If `encode_value` cannot have made it.
    """
    try:
        return _decode(value)
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"A saved value cannot be read: {_last_line(error)}.") from error


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
        raise TypeError(f"The header is more than JSON: {error}. Use encode_value.") from error
    # JSON turns the key 1 into "1" and a tuple into a list without a word.
    if json.loads(text)["content"] != content:
        raise TypeError("The header would come back changed from JSON. Use encode_value.")
    return text.encode("utf-8", "surrogatepass")


def _array_bytes(name: str, array: NDArray[Any]) -> bytes:
    if not _MEMBER.fullmatch(f"{name}.npy"):
        raise ValueError(f"An array is named {name!r}; use letters, digits, '_', '.' and '-' only.")
    if array.dtype.kind not in _ARRAY_KINDS:
        raise TypeError(
            f"The array {name!r} has dtype {array.dtype}; a model file holds booleans, numbers "
            "and strings only. Convert it with .astype(...)."
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


def _replace(target: Path, write_to: Callable[[BinaryIO], None]) -> None:
    # Beside the target, because a rename is atomic within one file system only.
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(draft, "xb") as file:
            write_to(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


# ---------------------------------------------------------------------------------------------
# Reading
# ---------------------------------------------------------------------------------------------


def _damaged(path: str, what: str) -> ValueError:
    return ValueError(
        f"{path} is not a whole skcnn model file: {what}. Copy or save the model again."
    )


def _zip_complaint(file: BinaryIO) -> str:
    file.seek(0)
    starts_as_zip = file.read(4) == b"PK\x03\x04"
    return "it is cut short or damaged" if starts_as_zip else "it is no zip archive"


def _checked_sizes(archive: zipfile.ZipFile, path: str, *, file_size: int) -> dict[str, int]:
    """Sizes of the array members in bytes, after everything that can be checked unread."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if names.count(_HEADER) != 1:
        raise _damaged(path, f"it holds no {_HEADER}" if _HEADER not in names else "two headers")
    if len(set(names)) < len(names):
        raise _damaged(path, "two members have the same name")
    for member in members:
        if member.filename != _HEADER and not _MEMBER.fullmatch(member.filename):
            raise _damaged(path, f"a member is named {member.filename!r}")
        # Stored as they are, members cannot grow: this is what keeps a zip bomb out.
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
    # Before NumPy sets memory aside for whatever shape the member claims.
    expected, found = math.prod(shape) * dtype.itemsize, len(content) - stream.tell()
    if expected != found or min(shape, default=0) < 0:
        raise _damaged(path, f"{name} needs {expected:,} bytes for its shape and has {found:,}")
    stream.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


# ---------------------------------------------------------------------------------------------
# Values
# ---------------------------------------------------------------------------------------------


def _last_line(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip().splitlines()[-1].rstrip(".")


def _encode_array(value: Any, name: str) -> dict[str, Any]:
    if value.dtype.kind not in _ARRAY_KINDS or value.dtype.type is np.longdouble:
        raise TypeError(
            f"{name} has dtype {value.dtype}; a model file holds booleans, numbers of up to 64 "
            "bits and strings only. Convert it with .astype(...) before saving."
        )
    # A string on its own may end in NUL; in an array it may not.
    items = value.ravel().tolist() if isinstance(value, np.ndarray) else [value.item()]
    return {
        "type": "array" if isinstance(value, np.ndarray) else "scalar",
        "dtype": "U" if value.dtype.kind == "U" else value.dtype.str,
        "shape": list(value.shape),
        "items": encode_value(items, name),
    }


def _decode_array(value: dict[str, Any]) -> Any:
    items, shape, dtype = _decode(value["items"]), tuple(value["shape"]), np.dtype(value["dtype"])
    if dtype.kind not in _ARRAY_KINDS or (dtype.kind == "U" and dtype.itemsize):
        raise ValueError(f"an array has dtype {dtype}")
    if dtype.kind == "U" and max(map(len, items), default=0) * len(items) > _MAX_CHARACTERS:
        raise ValueError(f"an array of strings needs more than {_MAX_CHARACTERS:,} characters")
    if value["type"] == "scalar":
        return dtype.type(items[0])
    return np.array(items, dtype=dtype).reshape(shape)


def _encode_frame(frame: Any, name: str) -> dict[str, Any]:
    for axis in (frame.index, frame.columns):
        if axis.nlevels > 1:
            raise TypeError(f"{name} has labels of several levels; a model file holds one level.")
    columns = []
    for position, label in enumerate(frame.columns):
        column = frame.iloc[:, position]
        if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "biuf":
            raise TypeError(
                f"The column {label!r} of {name} has dtype {column.dtype}; a model file holds "
                "tables of numbers. Convert it with .astype(float) before saving."
            )
        columns.append(_encode_array(column.to_numpy(), name))
    return {
        "type": "DataFrame",
        "index": encode_value(frame.index.tolist(), f"the index of {name}"),
        "columns": encode_value(frame.columns.tolist(), f"the columns of {name}"),
        "names": [encode_value(axis.name, name) for axis in (frame.index, frame.columns)],
        "items": columns,
    }


def _decode_frame(value: dict[str, Any]) -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "A parameter of this model is a pandas DataFrame, and pandas is not installed. "
            "Install it with: pip install pandas"
        ) from error
    index_name, columns_name = map(_decode, value["names"])
    index = pd.Index(_decode(value["index"]), name=index_name)
    columns = pd.Index(_decode(value["columns"]), name=columns_name)
    # By position first: labels may be equal.
    data = dict(enumerate(map(_decode, value["items"])))
    frame = pd.DataFrame(data, index=index, columns=range(len(columns)))
    frame.columns = columns
    return frame


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value["type"]:
        case "float":
            return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[value["value"]]
        case "tuple":
            return tuple(_decode(item) for item in value["items"])
        case "dict":
            return {_decode(key): _decode(item) for key, item in value["items"]}
        case "array" | "scalar":
            return _decode_array(value)
        case "DataFrame":
            return _decode_frame(value)
        case unknown:
            raise ValueError(f"the type {unknown!r} is not known")
