"""Values of parameters survive the way through JSON."""

from __future__ import annotations

import json
import math
from collections import namedtuple
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from skcnn.files._values import decode_value, encode_value
from tests.conftest import without_addresses

NUMBERS = npst.boolean_dtypes() | npst.integer_dtypes() | npst.floating_dtypes(sizes=(16, 32, 64))
SCALARS = NUMBERS.flatmap(npst.from_dtype) | st.text().map(np.str_)
LABELS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | SCALARS
ARRAYS_OF_NUMBERS = npst.arrays(NUMBERS, npst.array_shapes(min_dims=0, min_side=0, max_side=4))
ARRAYS_OF_STRINGS = st.lists(st.text(), min_size=1).map(np.array)
# Two keys that are NaN are different keys, and become one: NaN is no key that anybody finds again.
KEY = LABELS.filter(lambda key: bool(key == key))  # noqa: PLR0124
KEYS = KEY | st.tuples(KEY, KEY)
VALUES = st.recursive(
    LABELS | ARRAYS_OF_NUMBERS | ARRAYS_OF_STRINGS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal, of equal types, NaN equal to NaN and -0 not to 0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, np.ndarray | np.generic) and a.dtype.kind != "U":
        return a.dtype == b.dtype and a.shape == b.shape and same(a.tolist(), b.tolist())
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.tolist() == b.tolist()
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (
            a == b and math.copysign(1, a) == math.copysign(1, b)
        )
    return bool(a == b)


@given(VALUES)
@example(np.str_("a\0"))
def test_any_value_comes_back_from_json_with_its_type(value: Any) -> None:
    text = json.dumps(encode_value(value), allow_nan=False, ensure_ascii=False)
    assert same(decode_value(json.loads(text)), value)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([[0, 1], [5, 0]], index=["ham", "spam"], columns=["ham", "spam"]),
        pd.DataFrame([[0.0, np.inf]], index=pd.Index([1], name="true"), columns=[True, "x"]),
        pd.DataFrame({0: np.array([1], dtype=np.int8), 1: [0.5]}).rename_axis(columns="said"),
        pd.DataFrame([[1, 2.5]], columns=["same", "same"]),
    ],
)
def test_a_table_comes_back_as_a_table(frame: pd.DataFrame) -> None:
    back = decode_value(json.loads(json.dumps(encode_value(frame), allow_nan=False)))
    pd.testing.assert_frame_equal(back, frame, check_index_type=False, check_column_type=False)


@pytest.mark.parametrize("costs", [{"spam": 5.0, "ham": 1.0}, {1: 2, 0: 1}, {("a", "b"): 0.5}])
def test_a_series_comes_back_as_a_dict(costs: dict[Any, float]) -> None:
    back = decode_value(json.loads(json.dumps(encode_value(pd.Series(costs)), allow_nan=False)))
    assert back == costs


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "value",
    [
        len,
        object(),
        b"bytes",
        {1, 2},
        1j,
        Point(1, 2),
        np.array([1j]),
        np.array([object()]),
        np.array([b"bytes"]),
        np.longdouble(1),
        pd.Series([object()]),
        pd.DataFrame({"a": ["x"]}),
        pd.DataFrame({"a": pd.array([1], dtype="Int64")}),
        pd.DataFrame([[1]], index=pd.MultiIndex.from_tuples([(1, 2)])),
    ],
    ids=without_addresses,
)
def test_a_value_that_a_file_cannot_hold_names_the_parameter_and_the_cure(value: Any) -> None:
    with pytest.raises(TypeError, match=r"tokenizer.*(pickle|astype|one level)"):
        encode_value(value, "tokenizer")
    with pytest.raises(TypeError, match=r"tokenizer\['a'\]\[0\]"):
        encode_value({"a": [value]}, "tokenizer")


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"type": "module"},
        {"type": "float", "value": "1"},
        {"type": "dict", "items": [[[1], 2]]},
        {"type": "array", "dtype": "O", "shape": [1], "items": [1]},
        {"type": "array", "dtype": "<U1000000", "shape": [1], "items": ["a"]},
        {"type": "array", "dtype": "<f8", "shape": [3], "items": [1, 2]},
        {"type": "array", "dtype": "U", "shape": [5001], "items": ["a" * 20_000] + [""] * 5_000},
        {"type": "scalar", "dtype": "<i1", "shape": [], "items": [1000]},
        {"type": "scalar", "dtype": "<f8", "shape": [], "items": []},
        {"type": "DataFrame", "index": [0]},
    ],
)
def test_a_saved_value_that_nobody_wrote_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="A saved value cannot be read"):
        decode_value(value)
