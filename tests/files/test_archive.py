from __future__ import annotations

import io
import json
import math
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skcnn.files._archive import FORMAT, FORMAT_VERSION, read, write
from skcnn.files._errors import ModelFileError

HEADER = {
    "classes": ["ham", "späm", "\ud800", "\ud83d\ude00"],
    "n_iter": 7,
    "nested": {"rate": 0.1},
}
ARRAYS = {
    "weights": np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32),
    "bias": np.array([1.5, np.nan, -np.inf]),
    "ids": np.arange(5),
    "keys": np.array([[1], [2**32 - 1]], dtype=np.uint32),
    "big-endian": np.arange(3, dtype=">i4"),
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
    version, header, arrays, _ = read(model)
    assert version == FORMAT_VERSION
    assert header == HEADER
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype.newbyteorder("=")
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
        ({}, {"words": np.array(["ham"])}, TypeError),
        ({}, {"wide": np.ones(2, np.longdouble)}, TypeError),
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
    assert read(model).header == {"new": 1}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        write(tmp_path / "nowhere" / "model.skcnn", {}, {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.skcnn"):
        read(tmp_path / "absent.skcnn")


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("hello")
    with pytest.raises(ValueError, match="it is not a zip archive"):
        read(path)


def test_an_archive_without_a_header_is_refused(tmp_path: Path) -> None:
    path = rewritten(tmp_path / "other.zip", {"a.npy": b""})
    with pytest.raises(ValueError, match=r"holds no header\.json"):
        read(path)


def test_a_newer_format_names_the_version_that_wrote_it_and_the_cure(model: Path) -> None:
    with_header(model, format_version=FORMAT_VERSION + 1, skcnn_version="9.8.7")
    with pytest.raises(ValueError, match=r"skcnn 9\.8\.7 in file format 7.*pip install --upgrade"):
        read(model)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"format": "other"}, FORMAT),
        ({"format_version": "1"}, "format version is '1'"),
        ({"format_version": True}, "format version is True"),
        ({"format_version": 0}, "format version is 0"),
        ({"content": []}, "content is of type list"),
        ({"more": 1}, r"header.json has \['more'\]"),
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
@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("header.json", r"it holds two or more header\.json"),
        ("bias.npy", "two members have the same name"),
    ],
)
def test_a_member_that_is_there_twice_is_refused(model: Path, name: str, complaint: str) -> None:
    content = members_of(model)[name]
    with zipfile.ZipFile(model, "a") as archive:
        archive.writestr(name, content)
    with pytest.raises(ValueError, match=complaint):
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
        (npy("{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }", b"12345678"), "is not"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }" + " " * 9), "has 0"),
        (npy("{'descr': '<f8', 'shape': (1,), 'fortran_order': False, }", b"12345678"), "is not"),
        (npy("(" * 5_000), "is not an array"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1e3,), }"), "is not an array"),
        (npy("__import__('os')"), "is not an array"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,), }"), "bytes"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", b"12345678"), "has 8"),
        (
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1), }", b"12345678"),
            "is not",
        ),
        (
            npy("{'descr': '|V8', 'fortran_order': False, 'shape': (1,), }", b"12345678"),
            "is not an array",
        ),
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
    with pytest.raises(ValueError, match="is not an array of numbers"):
        read(model)
    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.exists(), "the trap itself must work"


def test_a_file_cut_short_anywhere_is_refused(model: Path) -> None:
    content = model.read_bytes()
    for length in range(4, len(content), 37):
        model.write_bytes(content[:length])
        with pytest.raises(
            ModelFileError, match=r"cut short or damaged.*Copy or save the model again"
        ):
            read(model)


def test_a_changed_byte_is_noticed_or_harmless(model: Path) -> None:
    content = model.read_bytes()
    good = read(model)
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        model.write_bytes(damaged)
        try:
            _, header, arrays, _ = read(model)
        except ModelFileError:
            continue
        assert header == good.header
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, good.arrays[name])
