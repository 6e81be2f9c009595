"""Every file is written completely or not at all. The other processes here are real ones."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import skcnn
from skcnn.disk._atomic import check_can_write, replacing

START = "import sys, time, os, resource\nfrom skcnn.disk._atomic import replacing\n"
WAIT = """
with replacing(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    time.sleep(60)
"""


def command(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", START + code, *map(str, arguments)]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(skcnn.__file__).parents[1])}


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(code, *arguments), capture_output=True, text=True, check=False, env=environment()
    )


@contextmanager
def another_process_writing(path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(WAIT, path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        try:
            yield process
        finally:
            process.kill()


def write(path: Path, content: bytes = b"new") -> None:
    with replacing(path) as file:
        file.write(content)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_after_any_failure_the_old_file_is_there_and_no_other(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail() -> None:
        with replacing(path) as file:
            file.write(b"new")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o664, 0o755])
def test_a_file_keeps_its_mode_and_the_draft_is_never_more_open(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(mode)
    with replacing(path):
        (draft,) = tmp_path.glob(".*")
        assert mode_of(draft) & ~mode == 0
    assert mode_of(path) == mode


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o077])
def test_a_new_file_has_the_mode_that_any_new_file_has(tmp_path: Path, umask: int) -> None:
    run("os.umask(int(sys.argv[2]))\nwith replacing(sys.argv[1]): pass", tmp_path / "file", umask)
    assert mode_of(tmp_path / "file") == 0o666 & ~umask


@pytest.mark.parametrize("name", ["n" * 255, "n" * 233, "ж" * 127, "a b\n\x1b[1m", "-", "\udcff"])
def test_every_name_that_the_file_system_takes_can_be_written(tmp_path: Path, name: str) -> None:
    for content in (b"1", b"2"):
        write(tmp_path / name, content)
        assert (tmp_path / name).read_bytes() == content


def test_a_name_that_is_too_long_is_an_error_that_names_it(tmp_path: Path) -> None:
    for act in (write, check_can_write):
        with pytest.raises(OSError, match=r"n{256}"):
            act(tmp_path / ("n" * 256))


def test_links_stay_and_their_targets_are_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("there", "not_yet"):
        target, link = tmp_path / "folder" / name, tmp_path / name
        if name == "there":
            target.write_bytes(b"old")
        link.symlink_to(target)
        write(link)
        assert link.is_symlink()
        assert target.read_bytes() == b"new"


def test_a_link_to_itself_is_refused_and_stays(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    for act in (write, check_can_write):
        with pytest.raises(OSError, match="link") as caught:
            act(link)
        assert caught.value.errno == errno.ELOOP
    assert link.is_symlink()


def test_devices_and_pipes_are_written_and_stay_what_they_are(tmp_path: Path) -> None:
    # A terminal of this test, and not /dev/null: nobody else would notice if it were replaced.
    leader, follower = os.openpty()
    device = Path(os.ttyname(follower))
    write(device)
    assert device.is_char_device()
    assert os.read(leader, 10) == b"new"
    os.close(leader)
    os.close(follower)
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write(pipe)
    reader.join()
    assert read == [b"new"]
    assert os.listdir(tmp_path) == ["pipe"]


def test_the_next_writer_removes_the_draft_of_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with another_process_writing(path) as process:
        process.kill()
        process.wait()
        assert len(os.listdir(tmp_path)) == 1, "the killed process must leave its draft"
        write(tmp_path / "other")
        assert len(os.listdir(tmp_path)) == 2, "the draft of another file is left alone"
        write(path)
    assert sorted(os.listdir(tmp_path)) == ["file", "other"]


def test_the_draft_of_a_living_process_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with another_process_writing(path):
        (draft,) = tmp_path.iterdir()
        write(path)
        assert draft.read_bytes() == b"half"
        with replacing(path) as file:  # nor does a thread of one process disturb another
            write(path)
            file.write(b"last")
        assert path.read_bytes() == b"last"
        assert draft.exists()


def test_an_interrupted_process_leaves_no_draft(tmp_path: Path) -> None:
    with another_process_writing(tmp_path / "file") as process:
        process.send_signal(signal.SIGINT)
        process.wait()
    assert os.listdir(tmp_path) == []


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([i]) * 10_000 for i in range(8)]
    threads = [threading.Thread(target=write, args=(path, each)) for each in contents * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(
    "write_code", ["file.write(bytes(10**6))", "print('x' * 10**6, file=text)"]
)
def test_on_a_full_disk_the_old_file_stays_and_the_error_names_it(
    tmp_path: Path, write_code: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    result = run(
        "import io, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, 10**5))\n"
        "with replacing(sys.argv[1]) as file:\n"
        f"    text = io.TextIOWrapper(file, write_through=True)\n    {write_code}",
        path,
    )
    assert result.stderr.endswith(f"OSError: [Errno 27] File too large: '{path}'\n")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_an_error_about_another_file_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, replacing(tmp_path / "file"):
        (tmp_path / "absent").read_bytes()
    assert caught.value.filename == str(tmp_path / "absent")


@pytest.mark.parametrize(
    ("name", "error", "complaint"),
    [
        (".", IsADirectoryError, "is a folder; expected a file name"),
        ("absent/file", FileNotFoundError, "absent is not a folder; create it first"),
        ("file/file", FileNotFoundError, "file is not a folder"),
    ],
)
def test_what_cannot_be_written_is_known_before_the_work(
    tmp_path: Path, name: str, error: type[OSError], complaint: str
) -> None:
    (tmp_path / "file").write_bytes(b"old")
    for act in (write, check_can_write):
        with pytest.raises(error, match=complaint):
            act(tmp_path / name)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")
def test_a_write_protected_file_or_folder_is_refused_and_stays() -> None:
    code = """
import tempfile
from pathlib import Path
os.setgid(65534)
os.setuid(65534)
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "file"
    file.write_bytes(b"old")
    file.chmod(0o444)
    try:
        with replacing(file): pass
    except PermissionError as error:
        print(str(error).replace(folder, ""), file.read_bytes())
    Path(folder).chmod(0o555)
    try:
        with replacing(Path(folder) / "new"): pass
    except PermissionError as error:
        print(str(error).replace(folder, ""), os.listdir(folder))
    Path(folder).chmod(0o755)
"""
    result = run(code)
    assert result.stdout == (
        "cannot write /file: it is write-protected; choose another name. b'old'\n"
        "cannot write /new: the folder  is write-protected; choose another folder. ['file']\n"
    ), result.stderr
