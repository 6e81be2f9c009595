"""Values of parameters as JSON, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_ARRAY_KINDS = "biufU"
# An array of strings takes the memory of its longest string for each.
_MAX_CHARACTERS = 2**26


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


def decode_value(value: Any) -> Any:
    """Turn the JSON of `encode_value` back into the value.

    Parameters
    ----------
    value : object
        What `encode_value` returned, perhaps written to a file and read again.

    Returns
    -------
    object
        The value that `encode_value` was given. An array of strings is as wide as its longest
        string needs.

    Raises
    ------
    ValueError
        If `encode_value` cannot have returned it.
    """
    try:
        return _decode(value)
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"A saved value cannot be read: {_last_line(error)}.") from error


def _last_line(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip().splitlines()[-1].rstrip(".")


def _encode_array(value: Any, name: str) -> dict[str, Any]:
    if value.dtype.kind not in _ARRAY_KINDS or value.dtype.type is np.longdouble:
        raise TypeError(
            f"{name} has dtype {value.dtype}; a model file holds booleans, numbers of up to 64 "
            "bits and strings only. Convert it with .astype(...) before saving."
        )
    # A single string may end in NUL; a string in an array may not.
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
