from __future__ import annotations

import io
import json
import math
import os
import pickle
import zipfile
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from skcnn._persistence import FORMAT, FORMAT_VERSION, decode_value, encode_value, read, write

HEADER = {
    "classes": ["ham", "späm", "\ud800", "\ud83d\ude00"],
    "n_iter": 7,
    "nested": {"rate": 0.1},
}
ARRAYS = {
    "weights": np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32),
    "bias": np.array([1.5, np.nan, -np.inf]),
    "ids": np.arange(5),
    "flags": np.array([[True], [False]]),
    "words": np.array(["ham", "late", ""]),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "none": np.empty((0, 3)),
    "number": np.float64(2.5) * np.ones(()),
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.skcnn"
    write(path, HEADER, ARRAYS)
    return path


def rewritten(path: Path, members: dict[str, bytes], *, compression: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_header(path: Path, **changes: Any) -> Path:
    members = members_of(path)
    header = json.loads(members["header.json"]) | changes
    return rewritten(path, members | {"header.json": json.dumps(header).encode()})


def test_what_is_written_is_read(model: Path) -> None:
    header, arrays = read(model)
    assert header == HEADER
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_equal_contents_give_equal_bytes_in_any_order(model: Path, tmp_path: Path) -> None:
    write(tmp_path / "again", HEADER, dict(reversed(ARRAYS.items())))
    assert (tmp_path / "again").read_bytes() == model.read_bytes()
    with zipfile.ZipFile(model) as archive:
        assert {info.date_time[0] for info in archive.infolist()} == {1980}, "no clock in the file"


@pytest.mark.parametrize(
    ("header", "arrays", "error"),
    [
        ({"score": math.nan}, {}, TypeError),
        ({1: "one"}, {}, TypeError),
        ({"pair": (1, 2)}, {}, TypeError),
        ({"function": len}, {}, TypeError),
        ({}, {"objects": np.array([len])}, TypeError),
        ({}, {"../escape": np.zeros(1)}, ValueError),
        ({}, {"": np.zeros(1)}, ValueError),
    ],
)
def test_what_the_file_cannot_hold_is_refused_and_the_old_file_stays(
    model: Path, header: dict[Any, Any], arrays: dict[str, Any], error: type[Exception]
) -> None:
    before = model.read_bytes()
    with pytest.raises(error):
        write(model, header, arrays)
    assert model.read_bytes() == before
    assert os.listdir(model.parent) == [model.name]


def test_a_failure_while_writing_leaves_the_old_file_and_no_other(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError("No space left on device")

    before = model.read_bytes()
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(model, {}, {})
    monkeypatch.undo()
    assert model.read_bytes() == before
    assert os.listdir(model.parent) == [model.name]


def test_a_link_to_the_file_stays_a_link(model: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.skcnn"
    link.symlink_to(model)
    write(link, {"new": 1}, {})
    assert link.is_symlink()
    assert read(model)[0] == {"new": 1}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        write(tmp_path / "nowhere" / "model.skcnn", {}, {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.skcnn"):
        read(tmp_path / "absent.skcnn")


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("hello")
    with pytest.raises(ValueError, match="it is no zip archive"):
        read(path)


def test_an_archive_without_a_header_is_refused(tmp_path: Path) -> None:
    path = rewritten(tmp_path / "other.zip", {"a.npy": b""})
    with pytest.raises(ValueError, match=r"holds no header\.json"):
        read(path)


def test_a_newer_format_names_the_version_that_wrote_it_and_the_cure(model: Path) -> None:
    with_header(model, format_version=FORMAT_VERSION + 1, skcnn_version="9.8.7")
    with pytest.raises(ValueError, match=r"skcnn 9\.8\.7 in file format 3.*pip install --upgrade"):
        read(model)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"format": "other"}, FORMAT),
        ({"format_version": "1"}, "format version is '1'"),
        ({"format_version": True}, "format version is True"),
        ({"format_version": 0}, "format version is 0"),
        ({"content": []}, "incomplete"),
        ({"arrays": {}}, "not those that its header lists"),
        ({"arrays": {"weights.npy": 10**15}}, "not those that its header lists"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(
    model: Path, changes: dict[str, Any], complaint: str
) -> None:
    with_header(model, **changes)
    with pytest.raises(ValueError, match=complaint):
        read(model)


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b"[" * 100_000, b"1" * 10_000])
def test_a_header_that_is_no_json_object_is_refused(model: Path, text: bytes) -> None:
    rewritten(model, members_of(model) | {"header.json": text})
    with pytest.raises(ValueError, match=r"header\.json"):
        read(model)


@pytest.mark.parametrize("name", ["../a.npy", "/a.npy", "folder/a.npy", "a.txt", "C:a.npy"])
def test_a_member_with_a_path_is_refused(model: Path, name: str) -> None:
    rewritten(model, members_of(model) | {name: b""})
    with pytest.raises(ValueError, match="a member is named"):
        read(model)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["header.json", "bias.npy"])
def test_a_member_that_is_there_twice_is_refused(model: Path, name: str) -> None:
    content = members_of(model)[name]
    with zipfile.ZipFile(model, "a") as archive:
        archive.writestr(name, content)
    with pytest.raises(ValueError, match="two"):
        read(model)


def test_a_compressed_member_is_refused_since_it_could_grow(model: Path) -> None:
    rewritten(model, members_of(model), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="compressed"):
        read(model)


def test_members_that_claim_more_than_the_file_has_are_refused(model: Path) -> None:
    content = model.read_bytes()
    entry = content.index(b"PK\x01\x02")  # the first entry of the directory, header.json's
    claim = (2**31).to_bytes(4, "little")
    model.write_bytes(content[: entry + 20] + claim + claim + content[entry + 28 :])
    with pytest.raises(ValueError, match=r"claim 2,147,\d+,\d+ bytes"):
        read(model)


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"not an array", "is not an array"),
        (npy("__import__('os')"), "is not an array"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,)}"), "bytes"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", b"12345678"), "has 8"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1)}", b"12345678"), "bytes"),
        (npy("{'descr': '|V8', 'fortran_order': False, 'shape': (1,)}", b"12345678"), "dtype"),
    ],
)
def test_a_member_that_is_no_sane_array_is_refused(
    model: Path, content: bytes, complaint: str
) -> None:
    members = members_of(model) | {"bias.npy": content}
    sizes = {name: len(text) for name, text in members.items() if name != "header.json"}
    with_header(rewritten(model, members), arrays=sizes)
    with pytest.raises(ValueError, match=complaint):
        read(model)


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_a_pickled_array_is_refused_and_never_run(model: Path, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([Trap(sprung)], dtype=object), allow_pickle=True)
    members = members_of(model) | {"bias.npy": buffer.getvalue()}
    sizes = {name: len(text) for name, text in members.items() if name != "header.json"}
    with_header(rewritten(model, members), arrays=sizes)
    with pytest.raises(ValueError, match="neither numbers nor strings"):
        read(model)
    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.exists(), "the trap itself must work"


def test_a_file_cut_short_anywhere_is_refused(model: Path) -> None:
    content = model.read_bytes()
    for length in range(4, len(content), 37):
        model.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"cut short or damaged.*Copy or save the model again"):
            read(model)


def test_a_changed_byte_is_noticed_or_harmless(model: Path) -> None:
    content = model.read_bytes()
    good = read(model)
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        model.write_bytes(damaged)
        try:
            header, arrays = read(model)
        except ValueError:
            continue
        assert header == good[0]
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, good[1][name])


NUMBERS = npst.boolean_dtypes() | npst.integer_dtypes() | npst.floating_dtypes(sizes=(16, 32, 64))
SCALARS = NUMBERS.flatmap(npst.from_dtype) | st.text().map(np.str_)
LABELS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | SCALARS
ARRAYS_OF_NUMBERS = npst.arrays(NUMBERS, npst.array_shapes(min_dims=0, min_side=0, max_side=4))
ARRAYS_OF_STRINGS = st.lists(st.text(), min_size=1).map(np.array)
KEYS = LABELS | st.tuples(LABELS, LABELS)
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
        pd.Series([1]),
        pd.DataFrame({"a": ["x"]}),
        pd.DataFrame({"a": pd.array([1], dtype="Int64")}),
        pd.DataFrame([[1]], index=pd.MultiIndex.from_tuples([(1, 2)])),
    ],
    ids=repr,
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
