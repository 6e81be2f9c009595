from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from skcnn.disk._regular import check_regular_file, kind_of_other


def test_a_regular_file_passes_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("file", "link"):
        check_regular_file(tmp_path / name, "a model")
        assert kind_of_other(str(tmp_path / name)) is None


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a device", "a socket"])
def test_what_is_no_file_is_named_and_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)  # the address of a socket is short
    path = Path("it")
    match kind:
        case "a folder":
            path.mkdir()
        case "a pipe":
            os.mkfifo(path)
        case "a device":
            path = Path("/dev/zero")
        case "a socket":
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(str(path))
    with pytest.raises(ValueError, match=f"{path} is {kind}; expected a model. Give its path."):
        check_regular_file(path, "a model")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        check_regular_file(tmp_path / "absent", "a model")
