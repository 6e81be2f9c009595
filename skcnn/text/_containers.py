"""From any container of texts to a plain list of strings.

Containers are recognized by their methods, not by their class. So neither pandas nor Polars needs
to be imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import is_missing

_ROWS_NAMED = 5  # at most this many rows or columns are named in an error message
_ACCEPTED = (
    "a list, a tuple, a one-dimensional array, a Series, or a container with one column "
    "(an array of shape (n, 1), a DataFrame, a list of one-item lists)"
)


def as_texts(X: Any) -> list[str]:
    """Return the texts of any accepted container as a list of plain strings.

    Parameters
    ----------
    X : array-like of str, shape (n,) or (n, 1)
        A list, tuple, NumPy array, pandas or Polars Series, one-column DataFrame, or a list of
        one-item lists or tuples. The same texts give the same list in every container. An array,
        Series or DataFrame of dask is computed, so its texts must fit in memory.

    Returns
    -------
    list of str
        One plain `str` per row, in a new list. `X` is not changed.

    Raises
    ------
    TypeError
        If `X` is not a container of texts (one bare string, numbers, a dict, a generator, a
        sparse matrix), or if a row is not a text.
    ValueError
        If `X` is empty, has more than one column, or has missing values.

    Examples
    --------
    >>> import numpy as np
    >>> as_texts(np.array([["Win cash now"], ["See you at eight"]]))
    ['Win cash now', 'See you at eight']
    """
    X = _unwrapped(computed(X))
    _check_kind(X)
    cells = _cells(X)
    if not cells:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={getattr(X, 'shape', (0,))}) while a minimum "
            "of 1 is required: X has no texts."
        )
    kinds = set(map(type, cells))
    if kinds == {str}:
        return cells
    _check_cells(cells)
    return [str.__str__(cell) for cell in cells]  # np.str_ and other subclasses -> str


def computed(X: Any) -> Any:
    """Return what a collection of dask computes to, and any other object unchanged."""
    return X.compute() if hasattr(X, "__dask_graph__") and hasattr(X, "compute") else X


def n_columns(X: Any) -> int | None:
    """Return 1 if `X`, as accepted by `as_texts`, is two-dimensional, otherwise None."""
    if not hasattr(X, "ndim"):  # an array of dask has one, and would be computed
        X = _unwrapped(X)
    if _is_frame(X) or getattr(X, "ndim", 1) == 2:
        return 1
    return 1 if _is_nested(X) else None


def column_names(X: Any) -> NDArray[np.object_] | None:
    """Return the column name of a one-column DataFrame, shape (1,), or None if there is none.

    As in scikit-learn, a name that is not a string does not count as a name.
    """
    if not _is_frame(X):
        return None
    names = list(X.columns)
    if not all(isinstance(name, str) for name in names):
        return None
    return np.asarray(names, dtype=object)


def _unwrapped(X: Any) -> Any:
    """Convert an object that offers nothing but `__array__` to an array."""
    if isinstance(X, (str, bytes, np.generic)) or not hasattr(X, "__array__"):
        return X
    if isinstance(X, np.ndarray) or _is_frame(X) or _is_series(X) or _is_sparse(X):
        return X
    return np.asarray(X)


def _is_frame(X: Any) -> bool:
    # pandas has iloc, Polars has to_series. (So does pandas' Index, but it has no columns.) The
    # columns are asked for last, because this would run the query of a lazy Polars frame.
    return (hasattr(X, "iloc") or hasattr(X, "to_series")) and hasattr(X, "columns")


def _is_series(X: Any) -> bool:
    return not isinstance(X, np.ndarray) and (hasattr(X, "to_list") or hasattr(X, "tolist"))


def _is_sparse(X: Any) -> bool:
    return hasattr(X, "tocsr")


def _is_nested(X: Any) -> bool:
    return isinstance(X, (list, tuple)) and bool(X) and isinstance(X[0], (list, tuple))


def _check_kind(X: Any) -> None:
    received, fix = "", ""
    if isinstance(X, str):
        received, fix = "one bare string", "Put it in a list: [text]"
    elif isinstance(X, (bytes, bytearray, memoryview)):
        received = f"a {type(X).__name__} object"
        fix = "Decode it and put it in a list: [data.decode()]"
    elif hasattr(X, "column_names"):  # a Dataset of Hugging Face, or a table of pyarrow
        received = f"a {type(X).__name__} with the columns {X.column_names}"
        fix = "Pass the column of the texts, such as X['text'] (of one part, such as X['train'])"
    elif isinstance(X, Mapping):
        received, fix = "a mapping", "Pass its texts: list(X.values())"
    elif isinstance(X, AbstractSet):
        received, fix = "a set, which has no order", "Choose an order: sorted(X)"
    elif isinstance(X, Iterator):
        received, fix = f"a {type(X).__name__}, which can be read only once", "Pass list(X)"
    elif _is_sparse(X):
        received, fix = "a sparse matrix", "Pass the texts themselves, before any vectorizer"
    elif isinstance(X, np.ndarray) and X.ndim:
        received, fix = _array_problem(X)
    elif not isinstance(X, (Sequence, np.ndarray)) and not _is_frame(X) and not _is_series(X):
        received, fix = f"an object of type {type(X).__name__}", "Pass a list of texts"
        if hasattr(X, "collect"):  # a query of Polars, which has not been run
            fix = "Call .collect() first"
    if received:
        raise TypeError(f"X is {received}; expected {_ACCEPTED} of texts. {fix}.")


def _array_problem(X: NDArray[Any]) -> tuple[str, str]:
    """What an array holds instead of texts, and how to fix it; empty strings if it holds texts."""
    if X.dtype.kind in "UTO":
        return "", ""
    received = f"an array of dtype {X.dtype} and shape {X.shape}"
    if X.dtype.kind == "S":
        return received, "Decode it: np.char.decode(X, 'utf-8')"
    return received, "Pass X.astype(str) if these values are words"


def _cells(X: Any) -> list[Any]:
    if isinstance(X, np.ndarray):
        return _array_cells(X)
    if _is_frame(X):
        names = list(X.columns)
        if len(names) != 1:
            raise ValueError(
                f"X has {len(names)} columns {_shortened(names)}; expected one column of texts. "
                "Choose one, e.g. X[['text']], or join the columns into one."
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
    fix = "Pass X.reshape(1)" if X.ndim == 0 else "Choose the column with the texts: X[:, [0]]"
    raise ValueError(
        f"X has shape {X.shape}; expected (n,) or (n, 1), one text in each row. {fix}."
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
                "of texts. Choose one, e.g. [row[0] for row in X]. If each row is a text in "
                "tokens, join them, [' '.join(row) for row in X], and set tokenizer=str.split."
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
        fix = "Convert it: str(cell)"
        if isinstance(cell, bytes):
            fix = "Decode it: cell.decode('utf-8')"
        elif isinstance(cell, Mapping):
            key = next((key for key in cell if isinstance(cell[key], str)), "text")
            fix = f"Take the text of each row: [row[{key!r}] for row in X]"
        elif isinstance(cell, (list, tuple)):
            fix = "Take its text, or join its tokens: ' '.join(cell)"
        raise TypeError(
            f"X has an object of type {type(cell).__name__} in row {row} (counted from 0); "
            f"expected a text in every row. {fix}."
        )
    if missing:
        fix = "Remove these rows, or write an empty text '' there"
        if missing == [1] and len(cells) == 2 and "dask.dataframe" in sys.modules:
            fix += (
                ". If you have no such rows, dask calls a function with two of its own to find out "
                "what it returns: give map_partitions the argument meta, or ParallelPostFit the "
                "arguments predict_meta and predict_proba_meta"
            )
        raise ValueError(
            f"X has missing values (None or NaN) in {len(missing)} of {len(cells)} rows: "
            f"{_shortened(missing)} (counted from 0); expected a text in every row. {fix}."
        )


def _shortened(items: list[Any]) -> str:
    shown = ", ".join(repr(item) for item in items[:_ROWS_NAMED])
    left_out = len(items) - _ROWS_NAMED
    return f"[{shown}]" if left_out <= 0 else f"[{shown}, and {left_out} more]"
