"""What a fit writes about its progress, and that lines of threads do not mix."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from skcnn.fitting._reporter import Reporter
from tests.conftest import Corpus, Make
from tests.own_networks import averaged

LINE = re.compile(r"\[ *\d+\.\d s\] [^\[\]]+")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
BAYES = make_pipeline(CountVectorizer(), MultinomialNB())
EPOCHS = ["Epoch 1/4: loss", "Epoch 2/4: loss", "Epoch 3/4: loss", "Epoch 4/4: loss"]
WORDS = ["Texts: 160 in 2 classes", "Tokens: ", "Word vectors: ", "Network: "]
NGRAMS = ["N-grams: ", *(f"N-gram model: fit {n} of 6" for n in range(1, 7))]
END = ["Pool: ", "The model is fitted"]


def lengths(texts: list[str]) -> Any:
    return [[float(len(text)), 1.0] for text in texts]


# Parameters, and what the lines say.
FITS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "both models": ({}, [*WORDS, *NGRAMS, *EPOCHS, *END]),
    "the network": ({"linear_model": False}, [*WORDS, *EPOCHS, "The model is fitted"]),
    "early stopping": ({"early_stopping": True}, ["16 held out", "val_loss 0."]),
    "a score": (
        {"early_stopping": True, "validation_scoring": "accuracy"},
        ["val_loss 0.", "val_score "],
    ),
    "an own network": ({"network": averaged}, [*WORDS, *NGRAMS, *EPOCHS, *END]),
    "sentence vectors": (
        {"sentence_vectors": lengths},
        ["different texts, ", "texts a second", "Sentence model: fit 6 of 6"],
    ),
    "members": ({"members": [("bayes", BAYES)]}, ["Member 'bayes': fit 6 of 6"]),
}


def is_whole(line: str) -> bool:
    return LINE.fullmatch(line) is not None


@pytest.mark.parametrize("verbose", [1, 2, 3, True])
@pytest.mark.parametrize("name", FITS)
def test_every_step_has_a_whole_line_and_no_character_for_terminals(
    name: str,
    verbose: int,
    small_cnn: Make,
    two_classes: Corpus,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if verbose != 1 and name != "both models":
        return
    parameters, expected = FITS[name]
    cnn = small_cnn(verbose=verbose, **parameters).fit(two_classes.texts, two_classes.labels)
    out, err = capfd.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert all(map(is_whole, lines)), lines
    assert not CONTROL.search(out)
    for text in expected:
        assert sum(text in line for line in lines) >= 1, (text, lines)
    assert sum("] Epoch " in line for line in lines) == cnn.n_iter_
    loss = cnn.history_["loss"][-1]
    assert f"Epoch {cnn.n_iter_}/4: loss {loss:.4f}" in out


def test_texts_without_labels_and_later_texts_are_reported_too(
    small_cnn: Make, two_classes: Corpus, new_texts: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    cnn = small_cnn(verbose=1, members=[("bayes", BAYES)], epochs=2, distill=True)
    cnn.fit(two_classes.texts, two_classes.labels, unlabeled=new_texts)
    out = capfd.readouterr().out
    assert "Unlabeled texts: all models label" in out
    assert out.count("Epoch 2/2") == 2
    cnn = small_cnn(verbose=1, epochs=2)
    for _ in range(2):
        cnn.partial_fit(two_classes.texts, two_classes.labels, classes=["ham", "spam"])
        out = capfd.readouterr().out
        assert all(map(is_whole, out.splitlines()))
        assert "N-gram model: fitted" in out
    assert f"Network: loss {cnn.history_['loss'][-1]:.4f}" in out


def test_a_part_that_is_read_from_memory_says_so_and_verbose_is_no_reason_to_fit_again(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for verbose in (0, 1):
        cnn = small_cnn(
            loss="cross_entropy",
            memory=str(tmp_path),
            members=[("bayes", BAYES)],
            sentence_vectors=lengths,
            verbose=verbose,
        )
        cnn.fit(two_classes.texts, two_classes.labels)
    out = capfd.readouterr().out
    read = ("Word vectors and n-gram model", "Network", "Sentence model", "Member 'bayes'")
    for what in read:
        assert f"{what}: read from memory" in out
    assert "Epoch" not in out


class Stream(io.StringIO):
    """Keeps what each call wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str, /) -> int:
        self.writes.append(text)
        return super().write(text)


def test_lines_of_threads_are_written_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    with Reporter(1) as reporter:

        def work() -> None:
            for _ in range(50):
                reporter.say("a step")

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(stream.writes) == 200
    assert all(write.endswith("s] a step\n") for write in stream.writes)


def test_long_work_says_how_fast_it_is_but_not_at_every_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("skcnn.fitting._reporter.perf_counter", lambda: now[0])
    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    say = Reporter(1).say_texts("Sentence vectors")
    for n_done in range(100, 1100, 100):
        now[0] += 4.0
        say(n_done, 1000)
    assert [write.split("] ")[1] for write in stream.writes] == [
        f"Sentence vectors: {n:,} of 1,000 different texts, 25 texts a second\n"
        for n in (300, 600, 900, 1000)
    ]


ON_TERMINAL = """
import sys, threading, time
from skcnn.fitting._reporter import Reporter
with Reporter(int(sys.argv[1])) as reporter:
    draw = reporter.batch_watcher(30)
    other = threading.Thread(target=lambda: [reporter.say("[red]another") for _ in range(20)])
    other.start()
    for step in range(1, 31):
        if draw is not None:
            draw(step, 1 / step)
        time.sleep(0.02)
    other.join()
    reporter.say("done")
"""


def on_terminal(script: str, *arguments: str, **environment: str) -> str:
    """Run a script on a pseudo-terminal; return all that it wrote there."""
    pty: Any = pytest.importorskip("pty", reason="pseudo-terminals are not on Windows")
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=child,
        stderr=child,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(child)
    written = b""
    try:
        while block := os.read(parent, 65536):
            written += block
    except OSError:  # so Linux says that the process has closed its end
        pass
    os.close(parent)
    assert process.wait() == 0, written
    return written.decode()


def test_a_terminal_shows_a_bar_below_whole_lines() -> None:
    written = on_terminal(ON_TERMINAL, "1")
    assert re.search(r"loss 0\.\d{4}", written)
    assert "/30" in written
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    lines = [line for line in re.split(r"[\r\n]+", text) if " s] " in line]
    assert len(lines) == 21
    assert all(re.fullmatch(r"\[ *\d+\.\d s\] (\[red\]another|done)", line) for line in lines)
    assert written.rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in written  # the cursor is back


@pytest.mark.parametrize(("verbose", "terminal"), [("2", "xterm"), ("1", "dumb")])
def test_level_2_and_a_terminal_without_a_cursor_get_lines_alone(
    verbose: str, terminal: str
) -> None:
    written = on_terminal(ON_TERMINAL, verbose, TERM=terminal)
    lines = written.replace("\r\n", "\n").splitlines()
    assert len(lines) == 21
    assert not CONTROL.search("\n".join(lines))


@pytest.mark.parametrize("leave", [lambda: None, lambda: 1 / 0])
def test_the_stream_of_the_moment_is_used_and_left_as_it_is(
    leave: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream()
    reporter = Reporter(1)
    monkeypatch.setattr(sys, "stdout", stream)
    try:
        with reporter:
            reporter.say("first")
            leave()
    except ZeroDivisionError:
        pass
    assert sys.stdout is stream
    assert len(stream.writes) == 1
