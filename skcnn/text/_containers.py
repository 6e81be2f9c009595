"""From whatever holds the texts to a plain list of strings.

Every container is recognised by what it can do, never by its class: neither pandas nor Polars is
imported here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS_NAMED = 5
_ACCEPTED = (
    "a list, a tuple, a one-dimensional array, a Series, or a container with one column "
    "(an array of shape (n, 1), a DataFrame, a list of one-item lists)"
)


def as_texts(X: Any) -> list[str]:
    """Return the texts in any accepted container as a list of plain strings.

    Parameters
    ----------
    X : array-like of str, shape (n,) or (n, 1)
        A list, tuple, NumPy array, pandas or Polars Series, one-column DataFrame, or a list of
        one-item lists or tuples. The same texts give the same list, whatever holds them.

    Returns
    -------
    list of str
        One plain `str` per row; a new list, `X` is left as it is.

    Raises
    ------
    TypeError
        If `X` is no container of texts (one bare string, numbers, a dict, a generator, a sparse
        matrix), or a row holds something else than a text.
    ValueError
        If `X` is empty, has several columns, or has missing values.

    Examples
    --------
    >>> import numpy as np
    >>> as_texts(np.array([["Win cash now"], ["See you at eight"]]))
    ['Win cash now', 'See you at eight']
    """
    X = _unwrapped(X)
    _check_kind(X)
    cells = _cells(X)
    if not cells:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={getattr(X, 'shape', (0,))}) while a minimum "
            "of 1 is required: X holds no text."
        )
    kinds = set(map(type, cells))
    if kinds == {str}:
        return cells
    _check_cells(cells)
    return [str.__str__(cell) for cell in cells]  # np.str_ and other subclasses -> str


def n_columns(X: Any) -> int | None:
    """Return 1 where `X`, as accepted by `as_texts`, is two-dimensional, otherwise None."""
    X = _unwrapped(X)
    if _is_frame(X) or getattr(X, "ndim", 1) == 2:
        return 1
    return 1 if _is_nested(X) else None


def column_names(X: Any) -> NDArray[np.object_] | None:
    """Return the column name of a one-column DataFrame, shape (1,), or None.

    None as well where the name is not a string: as in scikit-learn, only strings are names.
    """
    if not _is_frame(X):
        return None
    names = list(X.columns)
    if not all(isinstance(name, str) for name in names):
        return None
    return np.asarray(names, dtype=object)


def _unwrapped(X: Any) -> Any:
    """Turn objects that are only known to be convertible to an array into one."""
    if isinstance(X, (str, bytes, np.generic)) or not hasattr(X, "__array__"):
        return X
    if isinstance(X, np.ndarray) or _is_frame(X) or _is_series(X) or _is_sparse(X):
        return X
    return np.asarray(X)


def _is_frame(X: Any) -> bool:
    # iloc: pandas; to_series: Polars (pandas' Index has it too, but no columns). The columns come
    # last: asking a lazy Polars frame for them would run its query.
    return (hasattr(X, "iloc") or hasattr(X, "to_series")) and hasattr(X, "columns")


def _is_series(X: Any) -> bool:
    return not isinstance(X, np.ndarray) and (hasattr(X, "to_list") or hasattr(X, "tolist"))


def _is_sparse(X: Any) -> bool:
    return hasattr(X, "tocsr")


def _is_nested(X: Any) -> bool:
    return isinstance(X, (list, tuple)) and bool(X) and isinstance(X[0], (list, tuple))


def _check_kind(X: Any) -> None:
    received, cure = "", ""
    if isinstance(X, str):
        received, cure = "one bare string", "wrap it in a list: [text]"
    elif isinstance(X, (bytes, bytearray, memoryview)):
        received, cure = f"a {type(X).__name__} object", "decode it and wrap it: [data.decode()]"
    elif isinstance(X, Mapping):
        received, cure = "a mapping", "take its texts: list(X.values())"
    elif isinstance(X, AbstractSet):
        received, cure = "a set, which has no order", "bring it into one: sorted(X)"
    elif isinstance(X, Iterator):
        received, cure = f"a {type(X).__name__}, which can be read only once", "use list(X)"
    elif _is_sparse(X):
        received, cure = "a sparse matrix", "pass the texts themselves, before any vectorizer"
    elif isinstance(X, np.ndarray) and X.ndim:
        received, cure = _array_complaint(X)
    elif not isinstance(X, (Sequence, np.ndarray)) and not _is_frame(X) and not _is_series(X):
        received, cure = f"an object of type {type(X).__name__}", "pass a list of texts"
    if received:
        raise TypeError(f"X is {received}; expected {_ACCEPTED} of texts: {cure}.")


def _array_complaint(X: NDArray[Any]) -> tuple[str, str]:
    if X.dtype.kind in "UTO":
        return "", ""
    received = f"an array of dtype {X.dtype} and shape {X.shape}"
    if X.dtype.kind == "S":
        return received, "decode it: np.char.decode(X, 'utf-8')"
    return received, "use X.astype(str) if these values are meant as words"


def _cells(X: Any) -> list[Any]:
    if isinstance(X, np.ndarray):
        return _array_cells(X)
    if _is_frame(X):
        names = list(X.columns)
        if len(names) != 1:
            raise ValueError(
                f"X has {len(names)} columns {_shortened(names)}; expected one column of texts: "
                "choose it, e.g. X[['text']], or join the columns into one."
            )
        X = X.iloc[:, 0] if hasattr(X, "iloc") else X.to_series(0)
    if _is_nested(X):
        return _nested_cells(X)
    if isinstance(X, Sequence) and not _is_series(X):
        return list(X)
    cells = X.to_list() if hasattr(X, "to_list") else X.tolist()
    return cells if isinstance(cells, list) else [cells]


def _array_cells(X: NDArray[Any]) -> list[Any]:
    if X.ndim == 1 or (X.ndim == 2 and X.shape[1] == 1):
        cells: list[Any] = X.reshape(-1).tolist()
        return cells
    cure = "choose the column of the texts: X[:, [0]]"
    if X.ndim == 0:
        cure = "wrap it: X.reshape(1)"
    raise ValueError(
        f"X has shape {X.shape}; expected (n,) or (n, 1), one text in each row: {cure}."
    )


def _nested_cells(rows: Sequence[Any]) -> list[Any]:
    for number, row in enumerate(rows):
        if not isinstance(row, (list, tuple)):
            raise TypeError(
                f"X has an object of type {type(row).__name__} in row {number} (counted from 0); "
                "expected a list with one text, as in row 0."
            )
        if len(row) != 1:
            raise ValueError(
                f"X has {len(row)} columns in row {number} (counted from 0); expected one column "
                "of texts: choose it, e.g. [row[0] for row in X]."
            )
    return list(chain.from_iterable(rows))


def _check_cells(cells: list[Any]) -> None:
    missing = []
    for row, cell in enumerate(cells):
        if isinstance(cell, str):
            continue
        if is_missing(cell):
            missing.append(row)
            continue
        cure = (
            "decode it, e.g. cell.decode('utf-8')" if isinstance(cell, bytes) else "use str(cell)"
        )
        raise TypeError(
            f"X has an object of type {type(cell).__name__} in row {row} (counted from 0); "
            f"expected a text in every row: {cure} where it is meant as a text."
        )
    if missing:
        raise ValueError(
            f"X has missing values (None or NaN) in {len(missing)} of {len(cells)} rows: "
            f"{_shortened(missing)} (counted from 0); expected a text in every row: drop these "
            "rows, or put an empty text '' there."
        )


def is_missing(cell: Any) -> bool:
    """Tell None, NaN, and pandas' NA and NaT from all other values."""
    # pandas' NA and NaT are known by name: comparing NA with anything gives NA again.
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(cell, (float, np.floating)) and bool(np.isnan(cell))


def _shortened(items: list[Any]) -> str:
    shown = ", ".join(repr(item) for item in items[:_ROWS_NAMED])
    left_out = len(items) - _ROWS_NAMED
    return f"[{shown}]" if left_out <= 0 else f"[{shown}, and {left_out} more]"
