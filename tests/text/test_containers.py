from __future__ import annotations

import re
import subprocess
import sys
from collections import deque

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skcnn.text._containers import as_texts, column_names, n_columns

TEXTS = ["Win cash now", "", "naïve 日本 👍🏽", "Win cash now"]


class OnlyArray:
    """Knows nothing but how to become an array."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


class Shout(str):
    __slots__ = ()

    def __str__(self):
        return self.upper()


FLAT = {
    "list": TEXTS,
    "tuple": tuple(TEXTS),
    "deque": deque(TEXTS),
    "list of np.str_": list(map(np.str_, TEXTS)),
    "list of a subclass of str": list(map(Shout, TEXTS)),
    "array of U": np.array(TEXTS),
    "array of objects": np.array(TEXTS, dtype=object),
    "array of StringDType": np.array(TEXTS, dtype=np.dtypes.StringDType()),
    "array with steps": np.repeat(np.array(TEXTS), 2)[::2],
    "only __array__": OnlyArray(TEXTS),
    "pandas Series": pd.Series(TEXTS),
    "pandas Series with another index": pd.Series(TEXTS, index=[9, 3, 3, 7]),
    "pandas Series of objects": pd.Series(TEXTS, dtype=object),
    "pandas Series of string": pd.Series(TEXTS, dtype="string"),
    "pandas Series of pyarrow strings": pd.Series(TEXTS, dtype="string[pyarrow]"),
    "pandas Series of categories": pd.Series(TEXTS, dtype="category"),
    "pandas Index": pd.Index(TEXTS),
    "Polars Series": pl.Series(TEXTS),
    "Polars Series of categories": pl.Series(TEXTS, dtype=pl.Categorical),
}
COLUMNS = {
    "array (n, 1)": np.array(TEXTS).reshape(-1, 1),
    "array of objects (n, 1)": np.array(TEXTS, dtype=object).reshape(-1, 1),
    "only __array__ (n, 1)": OnlyArray([[text] for text in TEXTS]),
    "list of lists": [[text] for text in TEXTS],
    "list of tuples": [(text,) for text in TEXTS],
    "pandas DataFrame": pd.DataFrame({"text": TEXTS}),
    "pandas DataFrame with a number as name": pd.DataFrame({0: TEXTS}),
    "Polars DataFrame": pl.DataFrame({"text": TEXTS}),
}
CONTAINERS = FLAT | COLUMNS


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_gives_the_same_plain_strings(container):
    texts = as_texts(container)
    assert type(texts) is list
    assert texts == TEXTS
    assert {type(text) for text in texts} == {str}


@pytest.mark.parametrize("container", FLAT.values(), ids=FLAT)
def test_a_flat_container_has_no_columns(container):
    assert n_columns(container) is None
    assert column_names(container) is None


@pytest.mark.parametrize("container", COLUMNS.values(), ids=COLUMNS)
def test_a_two_dimensional_container_has_one_column(container):
    assert n_columns(container) == 1


@pytest.mark.parametrize("frame", [COLUMNS["pandas DataFrame"], COLUMNS["Polars DataFrame"]])
def test_the_name_of_a_column_is_reported(frame):
    names = column_names(frame)
    assert names.dtype == object
    assert names.tolist() == ["text"]


def test_a_column_that_is_named_by_a_number_has_no_name():
    assert column_names(COLUMNS["pandas DataFrame with a number as name"]) is None


def test_the_list_that_is_returned_is_a_new_one():
    texts = ["a", "b"]
    as_texts(texts).append("c")
    assert texts == ["a", "b"]


class Dataset:
    """What a `datasets.Dataset` of Hugging Face has."""

    def __init__(self, rows):
        self.rows = rows
        self.column_names = list(rows[0])

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, key):
        return [row[key] for row in self.rows] if isinstance(key, str) else self.rows[key]

    def to_list(self):
        return self.rows


WRONG_KINDS = {
    "one string": ("Win cash", r"one bare string.*\[text\]"),
    "one np.str_": (np.str_("Win"), r"one bare string.*\[text\]"),
    "bytes": (b"Win", r"bytes.*decode"),
    "a number": (3, r"type int.*list of texts"),
    "None": (None, "type NoneType"),
    "a dict": ({"a": "Win"}, r"mapping.*list\(X\.values\(\)\)"),
    "a set": ({"Win"}, r"set.*sorted\(X\)"),
    "a generator": ((text for text in TEXTS), r"generator.*list\(X\)"),
    "a map": (map(str, [1]), r"map.*list\(X\)"),
    "a sparse matrix": (sparse.csr_array(np.eye(2)), "sparse matrix.*texts themselves"),
    "numbers": (np.zeros((3, 5)), r"dtype float64 and shape \(3, 5\).*astype\(str\)"),
    "booleans": (np.ones(3, dtype=bool), "dtype bool"),
    "an array of bytes": (np.array([b"Win"]), r"dtype \|S3.*np\.char\.decode"),
    "a list of numbers": ([1, 2], r"type int in row 0"),
    "a Series of numbers": (pd.Series([1.5, 2.5]), r"type float in row 0"),
    "a number among texts": (["Win", 5], r"type int in row 1.*str\(cell\)"),
    "bytes among texts": (["Win", b"Win"], r"type bytes in row 1.*decode"),
    "a list among texts": (["Win", ["cash"]], r"type list in row 1.*' '\.join\(cell\)"),
    "a text among lists": ([["Win"], "cash"], r"type str in row 1.*list with one text"),
    "a lazy Polars frame": (pl.LazyFrame({"text": TEXTS}), r"LazyFrame.*\.collect\(\)"),
    "a list of dicts": (
        [{"label": 1, "body": "Win"}],
        r"type dict in row 0.*row\['body'\] for row",
    ),
    "a list of dicts without texts": ([{"label": 1}], r"row\['text'\] for row in X"),
    "a dataset": (Dataset([{"label": 1, "text": "Win"}]), r"Dataset with .*'text'\].*X\['text'\]"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("wrong", "message"), WRONG_KINDS.values(), ids=WRONG_KINDS)
def test_another_kind_of_object_is_refused_with_a_way_to_fix_it(wrong, message):
    with pytest.raises(TypeError, match=f"(?s){message}"):
        as_texts(wrong)


WRONG_CONTENTS = {
    "a scalar array": (np.array("Win"), r"shape \(\).*X\.reshape\(1\)"),
    "two columns in an array": (np.array([["a", "b"]]), r"shape \(1, 2\).*X\[:, \[0\]\]"),
    "three dimensions": (np.array([[["a"]]]), r"shape \(1, 1, 1\)"),
    "two columns in pandas": (
        pd.DataFrame({"text": ["a"], "title": ["b"]}),
        r"2 columns \['text', 'title'\]",
    ),
    "two columns in Polars": (
        pl.DataFrame({"text": ["a"], "title": ["b"]}),
        r"2 columns \['text', 'title'\]",
    ),
    "two columns in a list": ([["a"], ["a", "b"]], "2 columns in row 1"),
    "no column in a list": ([[]], "0 columns in row 0"),
    "texts in tokens": (
        [["win", "cash"], ["see", "you"]],
        r"' '\.join\(row\).*tokenizer=str\.split",
    ),
}


@pytest.mark.parametrize(("wrong", "message"), WRONG_CONTENTS.values(), ids=WRONG_CONTENTS)
def test_another_shape_is_refused_with_a_way_to_fix_it(wrong, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        as_texts(wrong)


EMPTY = [
    [],
    (),
    np.array([], dtype="U1"),
    np.empty((0, 1), dtype=object),
    pd.Series([], dtype=object),
    pd.DataFrame({"text": []}, dtype=object),
    pl.DataFrame({"text": []}),
]


@pytest.mark.parametrize("empty", EMPTY, ids=lambda empty: type(empty).__name__)
def test_no_text_at_all_is_refused_in_the_words_of_scikit_learn(empty):
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        as_texts(empty)


MISSING = {
    "None in a list": ["a", None, "c", None],
    "NaN in a list": ["a", float("nan"), "c", np.float32("nan")],
    "None in an array": np.array(["a", None, "c", None], dtype=object),
    "NaN of StringDType": np.array(
        ["a", np.nan, "c", np.nan], dtype=np.dtypes.StringDType(na_object=np.nan)
    ),
    "None in pandas": pd.Series(["a", None, "c", None]),
    "NA in pandas": pd.Series(["a", pd.NA, "c", pd.NA], dtype="string"),
    "NA in pandas' pyarrow strings": pd.Series(["a", None, "c", None], dtype="string[pyarrow]"),
    "NA in categories": pd.Series(["a", None, "c", None], dtype="category"),
    "NaT": ["a", pd.NaT, "c", pd.NaT],
    "null in Polars": pl.Series(["a", None, "c", None]),
    "None in a column": pd.DataFrame({"text": ["a", None, "c", None]}),
    "None in a list of lists": [["a"], [None], ["c"], [None]],
}


@pytest.mark.parametrize("texts", MISSING.values(), ids=MISSING)
def test_missing_values_are_refused_and_their_rows_named(texts):
    with pytest.raises(ValueError, match=re.escape("in 2 of 4 rows: [1, 3] (counted from 0)")):
        as_texts(texts)


def test_of_many_missing_values_the_first_are_named_and_all_are_counted():
    with pytest.raises(ValueError, match=re.escape("8 of 9 rows: [1, 2, 3, 4, 5, and 3 more]")):
        as_texts(["a", *[None] * 8])


def test_the_text_room_imports_neither_pandas_nor_tensorflow():
    code = (
        "import sys; from skcnn.text import tokenize; from skcnn.text._containers import as_texts;"
        "as_texts(['a']); tokenize('é');"
        "heavy = {'pandas', 'polars', 'tensorflow', 'keras', 'sklearn', 'scipy', 'pyarrow'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
