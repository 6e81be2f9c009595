"""Corpora from a server on this machine: no test needs the internet."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skcnn.datasets import fetch_corpus
from skcnn.datasets._catalog import CORPORA
from skcnn.datasets._fetch import _address
from skcnn.datasets._readers import Row, digest_of
from tests.datasets.samples import FILES, ROWS, Server, of_samples, serving

IN_A_PROCESS = """
import os, sys
from tests.datasets.samples import of_samples
from skcnn.datasets import fetch_corpus
from skcnn.datasets._catalog import CORPORA
CORPORA["sms_spam"] = of_samples("sms_spam")
"""
FETCH_IN_A_PROCESS = IN_A_PROCESS + 'print(len(fetch_corpus("sms_spam").data))'
# Its first argument is what it does in the middle of writing a file into the folder.
WRITE_IN_A_PROCESS = """
import os, signal, sys
from pathlib import Path
from skcnn.disk._atomic import replacing
with replacing(Path(os.environ["SKCNN_DATA"], "sms_spam.zip")) as file:
    print("writing", flush=True)
    if sys.argv[1] == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""
WITHOUT_RIGHTS = (
    IN_A_PROCESS
    + """
if os.geteuid() == 0:  # who may read and write everything
    os.setgid(65534)
    os.setuid(65534)
try:
    fetch_corpus("sms_spam", data_home=sys.argv[1])
except OSError as error:
    print(error)
"""
)
with_modes = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of downloaded files, which does not exist yet."""
    monkeypatch.setenv("SKCNN_DATA", str(tmp_path / "new" / "data"))
    return tmp_path / "new" / "data"


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in CORPORA:
        monkeypatch.setitem(CORPORA, name, of_samples(name))
    with serving() as server:
        monkeypatch.setenv("SKCNN_DATA_URL", server.address)
        yield server


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Run code in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------------------------------------
# Rows
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_has_the_labels_and_texts_of_its_files(name: str, server: Server) -> None:
    corpus = fetch_corpus(name)
    assert list(zip(corpus.target, corpus.data, strict=True)) == [row[:2] for row in ROWS[name]]
    assert all(type(text) is str for text in corpus.data)
    assert corpus.target_names == sorted({row.label for row in ROWS[name]})
    assert corpus.positive is None or corpus.positive in corpus.target_names
    parts = [row.part for row in ROWS[name]]
    assert (corpus.split.tolist() if corpus.split is not None else [""] * len(parts)) == parts
    assert "License:" in corpus.DESCR


def test_x_and_y_alone_are_those_of_the_bunch(server: Server) -> None:
    X, y = fetch_corpus("sms_spam", return_X_y=True)
    assert fetch_corpus("sms_spam").data == X
    assert isinstance(y, np.ndarray)
    assert y.tolist() == ["ham", "spam", "ham"]


# ---------------------------------------------------------------------------------------------
# The folder
# ---------------------------------------------------------------------------------------------


def test_the_second_call_needs_no_network(server: Server, folder: Path) -> None:
    first = fetch_corpus("ade_sentences")
    assert server.asked == ["ade_related.txt", "ade_others.txt"]
    server.files.clear()
    assert fetch_corpus("ade_sentences", download_if_missing=False).data == first.data
    assert len(server.asked) == 2
    assert first.filenames == [str(folder / name) for name in server.asked]
    assert names_in(folder) == ["ade_others.txt", "ade_related.txt"]


def test_data_home_wins_over_the_environment(server: Server, folder: Path, tmp_path: Path) -> None:
    fetch_corpus("sms_spam", data_home=tmp_path / "mine")
    assert names_in(tmp_path / "mine") == ["sms_spam.zip"]
    assert not folder.exists()


def test_without_both_the_folder_is_in_the_home_of_the_user(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKCNN_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    fetch_corpus("sms_spam")
    assert names_in(tmp_path / "skcnn_data") == ["sms_spam.zip"]


def test_a_file_that_was_put_there_by_hand_is_used(server: Server, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "sms_spam.zip").write_bytes(FILES["sms_spam.zip"])
    assert len(fetch_corpus("sms_spam").data) == 3
    assert server.asked == []


def test_without_leave_to_download_the_error_says_what_to_put_where(
    server: Server, folder: Path
) -> None:
    real = "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip"
    steps = f"save {real} as {folder / 'sms_spam.zip'}."
    with pytest.raises(OSError, match=re.escape(steps)):
        fetch_corpus("sms_spam", download_if_missing=False)
    assert server.asked == []


@pytest.mark.parametrize("name", ["sms_spam", "movie_reviews"])
def test_a_file_of_the_folder_that_has_changed_is_refused(
    name: str, server: Server, folder: Path
) -> None:
    (path,) = fetch_corpus(name).filenames
    Path(path).write_bytes(Path(path).read_bytes()[:-4])
    with pytest.raises(OSError, match=rf"not the corpus: .*Delete {re.escape(path)}, and call"):
        fetch_corpus(name)
    Path(path).unlink()
    assert len(fetch_corpus(name).data) == len(ROWS[name])


def test_a_folder_that_cannot_be_created_is_named_with_the_cure(
    tmp_path: Path, server: Server
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"cannot create the folder .*file/data: .*SKCNN_DATA"):
        fetch_corpus("sms_spam", data_home=tmp_path / "file" / "data")


@with_modes
def test_a_folder_that_cannot_be_written_is_named_with_the_cure(server: Server) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        message = start(WITHOUT_RIGHTS, folder).communicate()[0]
    assert f"cannot keep files in the folder {folder}: " in message
    assert "Choose another folder, with data_home or the environment variable SKCNN_DATA" in message
    assert "draft" not in message
    assert "download" not in message
    assert server.asked == []


@with_modes
def test_a_file_that_cannot_be_read_is_named_with_the_cure(server: Server) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder, "sms_spam.zip")
        path.write_bytes(FILES[path.name])
        path.chmod(0o600)
        message = start(WITHOUT_RIGHTS, folder).communicate()[0]
    assert f"cannot read {path}: Permission denied. Ask its owner for leave" in message


@with_modes
@pytest.mark.parametrize("umask", [0o022, 0o027, 0o002])
def test_other_users_may_read_the_files_as_they_may_any_new_file(
    umask: int, server: Server, folder: Path
) -> None:
    old = os.umask(umask)
    try:
        fetch_corpus("ade_sentences")
    finally:
        os.umask(old)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o666 & ~umask}


# ---------------------------------------------------------------------------------------------
# Downloads that fail
# ---------------------------------------------------------------------------------------------


def test_an_unknown_name_is_refused_with_the_names_there_are(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"no corpus 'spam'\. Choose one of .ade_sentences.,"):
        fetch_corpus("spam")
    assert not folder.exists()


@pytest.mark.parametrize("name", [["sms_spam"], None, {"sms_spam"}])
def test_a_name_that_is_no_string_is_refused(name: Any, folder: Path) -> None:
    with pytest.raises(TypeError, match=r"name is .*; expected the name of one corpus, such as"):
        fetch_corpus(name)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("parameter", "value", "wanted"),
    [
        ("n_retries", -1, "a whole number, at least 0"),
        ("n_retries", 1.5, "a whole number, at least 0"),
        ("n_retries", "3", "a whole number, at least 0"),
        ("delay", -0.1, "a finite number of seconds, at least 0"),
        ("delay", float("inf"), "a finite number of seconds, at least 0"),
        ("delay", float("nan"), "a finite number of seconds, at least 0"),
        ("delay", "1", "a finite number of seconds, at least 0"),
    ],
)
def test_a_number_that_is_out_of_range_is_refused(
    parameter: str, value: Any, wanted: str, server: Server, folder: Path
) -> None:
    with pytest.raises(ValueError, match=rf"{parameter} is {re.escape(repr(value))}; .*{wanted}"):
        fetch_corpus("sms_spam", **{parameter: value})
    assert server.asked == []
    assert not folder.exists()


@pytest.mark.parametrize("mirror", ["mirror.local/data", "mirror.local:8080/data", "/data"])
def test_a_mirror_without_a_scheme_is_refused_with_the_cure(
    mirror: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKCNN_DATA_URL", mirror)
    complaint = f"variable SKCNN_DATA_URL is '{mirror}'; expected an address that begins with http"
    with pytest.raises(ValueError, match=re.escape(complaint)):
        fetch_corpus("sms_spam")


@pytest.mark.filterwarnings("error")
def test_a_download_that_fails_is_tried_again_without_a_warning(server: Server) -> None:
    server.failures = 2
    assert len(fetch_corpus("sms_spam", n_retries=2, delay=0).data) == 3
    assert server.asked == ["sms_spam.zip"] * 3


def test_a_download_waits_between_two_tries(server: Server) -> None:
    server.failures, begin = 2, time.monotonic()
    fetch_corpus("sms_spam", delay=0.2)
    assert time.monotonic() - begin >= 0.4


def test_a_server_that_falls_silent_is_given_up_with_the_cure(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skcnn.datasets._download._SILENCE", 0.5)
    server.stalls = threading.Event()
    try:
        with pytest.raises(OSError, match=r"cannot download http.*: timed out\. .*by hand"):
            fetch_corpus("sms_spam", n_retries=1, delay=0)
    finally:
        server.stalls.set()
    assert server.asked == ["sms_spam.zip"] * 2
    assert names_in(folder) == []


def test_a_download_that_is_killed_leaves_nothing_in_the_folder(
    server: Server, folder: Path
) -> None:
    server.stalls = threading.Event()
    process = start(FETCH_IN_A_PROCESS)
    while not server.asked and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    server.stalls.set()
    assert server.asked == ["sms_spam.zip"]
    assert names_in(folder) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_a_download_removes_drafts_of_processes_that_are_gone_and_no_others(
    server: Server, folder: Path
) -> None:
    folder.mkdir(parents=True)
    living = start(WRITE_IN_A_PROCESS, "waits")
    assert living.stdout is not None
    assert living.stdout.readline() == "writing\n"
    (of_living,) = names_in(folder)
    start(WRITE_IN_A_PROCESS, "is killed").communicate()
    assert len(names_in(folder)) == 2
    fetch_corpus("sms_spam")
    names = names_in(folder)
    living.communicate()
    assert names == [of_living, "sms_spam.zip"]


@pytest.mark.parametrize("name", CORPORA)
def test_a_corrupted_file_is_refused_and_not_kept(name: str, server: Server, folder: Path) -> None:
    last = CORPORA[name].files[-1].name
    server.files[last] = server.files[last][:-4] + b"\xff1, "
    with pytest.raises(OSError, match=r"is not the corpus: .*Try again later.*by hand"):
        fetch_corpus(name)
    assert names_in(folder) == []
    server.files[last] = FILES[last]
    assert len(fetch_corpus(name).data) == len(ROWS[name])


@pytest.mark.parametrize("name", CORPORA)
def test_a_page_of_a_login_is_not_taken_for_a_corpus(name: str, server: Server) -> None:
    server.files = dict.fromkeys(FILES, b"<html>\nPlease log in, 1, 2 | 3.\n</html>\n")
    with pytest.raises(OSError, match="is not the corpus"):
        fetch_corpus(name)


def test_a_file_that_ends_too_early_is_tried_again_and_refused(
    server: Server, folder: Path
) -> None:
    server.announces_more_bytes = 10
    with pytest.raises(OSError, match=r"cannot download http://127.*: IncompleteRead.* by hand"):
        fetch_corpus("movie_reviews", n_retries=1, delay=0)
    assert server.asked == ["movie_reviews.txt"] * 2
    assert names_in(folder) == []


def test_a_file_that_is_not_there_is_named_with_the_cure(server: Server, folder: Path) -> None:
    del server.files["ade_others.txt"]
    with pytest.raises(OSError, match=r"ade_others.txt: .*404.* by hand.*ADE-NEG.txt as"):
        fetch_corpus("ade_sentences", n_retries=0)
    assert names_in(folder) == []


def test_without_a_network_the_error_says_what_to_put_where(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        monkeypatch.setenv("SKCNN_DATA_URL", server.address)
    steps = f"save https://.*labeled_data.csv as {re.escape(str(folder / 'hate_offensive.csv'))}"
    with pytest.raises(OSError, match=f"cannot download {server.address}hate.*{steps}"):
        fetch_corpus("hate_offensive", n_retries=0)


def test_processes_that_begin_together_all_get_the_corpus(server: Server, folder: Path) -> None:
    processes = [start(FETCH_IN_A_PROCESS) for _ in range(3)]
    assert [process.communicate()[0] for process in processes] == ["3\n"] * 3
    assert names_in(folder) == ["sms_spam.zip"]


# ---------------------------------------------------------------------------------------------
# The catalog
# ---------------------------------------------------------------------------------------------


def test_without_a_mirror_files_come_from_their_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SKCNN_DATA_URL", raising=False)
    (file,) = CORPORA["clinc150"].files
    assert _address(file) == file.url
    monkeypatch.setenv("SKCNN_DATA_URL", "https://mirror.example/data")
    assert _address(file) == "https://mirror.example/data/clinc150_imbalanced.json"


def test_every_file_is_checked_by_its_checksum_or_by_its_rows() -> None:
    for corpus in CORPORA.values():
        sums = [corpus.digest] if corpus.digest else [file.sha256 for file in corpus.files]
        assert all(re.fullmatch("[0-9a-f]{64}", each or "") for each in sums)


def test_files_come_by_https_and_have_names_of_their_own() -> None:
    files = [file for corpus in CORPORA.values() for file in corpus.files]
    assert all(file.url.startswith("https://") for file in files)
    assert len({file.name for file in files}) == len(files)


def test_spaces_do_not_change_a_digest_but_letters_labels_and_order_do() -> None:
    digest = digest_of([Row("a", "one two"), Row("b", "three")])
    assert digest_of([Row("a", " one\ttwo"), Row("b", "three", "train")]) == digest
    others = [
        [Row("b", "three"), Row("a", "one two")],
        [Row("a", "one too"), Row("b", "three")],
        [Row("b", "one two"), Row("b", "three")],
        [Row("a", "one two")],
    ]
    assert digest not in map(digest_of, others)


def test_the_page_and_the_docstring_name_every_corpus_with_its_license() -> None:
    page = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|(.+)$", page, re.MULTILINE))
    assert set(rows) == set(CORPORA)
    for name, corpus in CORPORA.items():
        (terms,) = re.findall(r"License: ([^.;,]+(?:\.\d)?)", corpus.description)
        assert terms.replace("\n", " ") in rows[name]
        assert f'"{name}"' in (fetch_corpus.__doc__ or "")


def test_the_page_says_which_corpora_are_checked_by_their_files() -> None:
    page = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text("utf-8")
    (cell,) = re.findall(r"^\| (.+) \| the SHA-256 checksums of the files", page, re.MULTILINE)
    by_files = {name for name, corpus in CORPORA.items() if corpus.digest is None}
    assert set(re.findall(r"`(\w+)`", cell)) == by_files
