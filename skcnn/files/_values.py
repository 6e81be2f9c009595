"""Values of parameters as JSON, and back."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from skcnn.files._budget import Budget
from skcnn.files._json import MAX_DIGITS
from skcnn.predicting._parts import check_names, part

_ARRAY_KINDS = "biufU"
_DTYPE = re.compile(r"U|[<>=|]?[biuf][1248]")
_TYPES_OF_KIND = {"b": bool, "i": int, "u": int, "f": float, "U": str}
_BYTES_PER_CHARACTER = 4  # in an array of strings
_KEYS = {
    "float": ("value",),
    "tuple": ("items",),
    "dict": ("items",),
    "array": ("dtype", "shape", "items"),
    "scalar": ("dtype", "shape", "items"),
    "DataFrame": ("index", "columns", "names", "items"),
}


def encode_value(value: Any, name: str = "value") -> Any:
    """Turn one parameter of an estimator into JSON.

    Parameters
    ----------
    value : object
        None, a bool, int, float or str; a list, tuple or dict of these (the keys may be numbers
        and tuples too); a NumPy number, string or array of them; a pandas DataFrame of numbers; a
        pandas Series of numbers, which becomes a dict.
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
    if kind is int and abs(value) >= 10**MAX_DIGITS:
        raise TypeError(f"{name} has more than {MAX_DIGITS} digits. Set it to a smaller number.")
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
    if kind.__name__ == "Series" and kind.__module__.split(".")[0] == "pandas":
        return encode_value(value.to_dict(), name)
    if kind.__name__ == "DataFrame" and kind.__module__.split(".")[0] == "pandas":
        return _encode_frame(value, name)
    raise TypeError(
        f"{name} is of type {kind.__module__}.{kind.__qualname__}; a model file holds names, "
        "numbers, lists and tables, never code. Set it to one of those before saving, or save with "
        "pickle or joblib."
    )


def decode_value(value: Any, budget: Budget | None = None) -> Any:
    """Turn the JSON of `encode_value` back into the value.

    Parameters
    ----------
    value : object
        What `encode_value` returned, perhaps written to a file and read again.
    budget : Budget, optional
        The memory that may be taken. None: as much as for an empty file.

    Returns
    -------
    object
        The value that `encode_value` was given. An array of strings is as wide as its longest
        string needs.

    Raises
    ------
    ValueError
        If `encode_value` cannot have returned it, or it takes more memory than is left.
    """
    try:
        return _decode(value, budget or Budget(0))
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"A saved value cannot be read: {_last_line(error)}.") from error


def _last_line(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip().splitlines()[-1].rstrip(".")


def _encode_array(value: Any, name: str) -> dict[str, Any]:
    if value.dtype.kind not in _ARRAY_KINDS or value.dtype.type is np.longdouble:
        raise TypeError(
            f"{name} has dtype {value.dtype}; a model file holds booleans, numbers of up to 64 "
            "bits and strings only. Convert it with .astype(...) before saving."
        )
    if isinstance(value, np.ndarray):
        items = value.ravel().tolist()
    else:  # a single string may end in NUL, which `item` drops
        items = [str.__str__(value) if isinstance(value, str) else value.item()]
    return {
        "type": "array" if isinstance(value, np.ndarray) else "scalar",
        "dtype": "U" if value.dtype.kind == "U" else value.dtype.str,
        "shape": list(value.shape),
        "items": encode_value(items, name),
    }


def _decode_array(value: dict[str, Any], budget: Budget) -> Any:
    items, name = _decode(part(value, "items", list), budget), part(value, "dtype", str)
    if not _DTYPE.fullmatch(name):
        raise ValueError(f"an array has dtype {name[:20]!r}")
    dtype, shape = np.dtype(name), part(value, "shape", list)
    if set(map(type, items)) - {_TYPES_OF_KIND[dtype.kind]}:
        raise ValueError(f"an array of dtype {name} has items of another type")
    if any(type(n) is not int or n < 0 for n in shape) or math.prod(shape) != len(items):
        raise ValueError(f"an array has {len(items)} items, which do not fit its shape")
    itemsize = dtype.itemsize or _BYTES_PER_CHARACTER * max(map(len, items), default=0)
    budget.take(itemsize * len(items), "an array")
    with np.errstate(all="ignore"):
        if value["type"] == "array":
            return np.array(items, dtype=dtype).reshape(shape)
        if shape:
            raise ValueError("a single number has a shape")
        return dtype.type(items[0])


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


def _decode_frame(value: dict[str, Any], budget: Budget) -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "A parameter of this model is a pandas DataFrame, and pandas is not installed. "
            "Install it with: pip install pandas"
        ) from error
    names, index, columns, items = (
        _decode(part(value, key, list), budget) for key in ("names", "index", "columns", "items")
    )
    labels = [*names, *index, *columns]
    if len(names) != 2 or set(map(type, labels)) - {type(None), bool, int, float, str}:
        raise ValueError("a table has labels that are neither names nor numbers")
    fits = [isinstance(column, np.ndarray) and column.shape == (len(index),) for column in items]
    if len(items) != len(columns) or not all(fits):
        raise ValueError("a table has columns that do not fit its labels")
    # By position first: labels may be equal.
    frame = pd.DataFrame(
        dict(enumerate(items)), index=pd.Index(index, name=names[0]), columns=range(len(columns))
    )
    frame.columns = pd.Index(columns, name=names[1])
    return frame


def _decode_dict(pairs: list[Any], budget: Budget) -> dict[Any, Any]:
    found = {_decode(key, budget): _decode(item, budget) for key, item in pairs}
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _decode(value: Any, budget: Budget) -> Any:
    if isinstance(value, list):
        return [_decode(item, budget) for item in value]
    if not isinstance(value, dict):
        return value
    kind = part(value, "type", str)
    if kind not in _KEYS:
        raise ValueError(f"the type {kind[:20]!r} is not known")
    check_names(value, ("type", *_KEYS[kind]), f"a value of type {kind}")
    match kind:
        case "float":
            return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[value["value"]]
        case "tuple":
            return tuple(_decode(part(value, "items", list), budget))
        case "dict":
            return _decode_dict(part(value, "items", list), budget)
        case "DataFrame":
            return _decode_frame(value, budget)
        case _:
            return _decode_array(value, budget)
