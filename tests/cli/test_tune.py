from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.tables import ROWS, succeeds, written

HEADER = ("text", "label")
WITH_ONE = ROWS[:30] + ROWS[-30:]


def test_tune_measures_each_ratio_and_finds_thresholds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "data.csv", WITH_ONE, HEADER)
    (tmp_path / "c.toml").write_text("epochs = 1\nlinear_model = false\n")
    options = ["--config", "c.toml", "--positive", "spam", "--ratios", "1,5,1"]
    thresholds = ["--min-recall", "0.9", "--max-rate", "0.2", "--min-precision", "0"]
    printed = json.loads(succeeds("tune", "data.csv", *options, *thresholds, "--json"))
    assert [row["ratio"] for row in printed["ratios"]] == [1, 5]
    assert np.shape([row["recall"] for row in printed["ratios"]]) == (2, 5)
    for few, many in zip(*(row["recall"] for row in printed["ratios"]), strict=True):
        assert many >= few
    precision, recall, rate = printed["thresholds"]
    assert "expected a number in (0, 1]" in precision["why"]
    assert recall["recall"] >= 0.9
    assert rate["rate"] <= 0.2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--positive", "offer"], "--positive offer: data.csv has no such label"),
        (["--ratios", "1,0"], "--ratios 1,0: expected numbers above 0"),
        (["--ratios", "x"], "--ratios x: expected numbers above 0"),
        (
            ["--config", "loss.toml"],
            "loss.toml sets the loss 'focal'; tune trains with cross_entropy",
        ),
        (["--config", "absent.toml"], "absent.toml: No such file"),
        (["--text", "body"], "has no column 'body'"),
    ],
)
def test_a_wrong_option_of_tune_is_named(
    fails: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "data.csv", ROWS, HEADER)
    (tmp_path / "loss.toml").write_text('loss = "focal"')
    assert complaint in fails("tune", "data.csv", *options)


def test_too_few_texts_for_five_folds_are_an_error(
    fails: Callable[..., str], tmp_path: Path
) -> None:
    data = written(tmp_path / "data.csv", [ROWS[0], *ROWS[-9:], ROWS[1]], HEADER)
    assert "too few different texts for five folds" in fails("tune", data)


def test_the_command_to_train_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [(text, f"{label} Ü;=") for text, label in ROWS]
    text = "\n".join(["Der Text;label", *(f'{x};"{y}"' for x, y in rows)])
    Path("meine Daten.csv").write_text(text, "cp1252")
    Path("small.toml").write_text("epochs = 1")
    options = ["--encoding", "cp1252", "--text", "Der Text", "--config", "small.toml"]
    printed = succeeds("tune", "meine Daten.csv", *options, "--skip-empty", "--ratios", "3")
    words, command_line = printed.splitlines()[-1].split(": skcnn ")
    assert words.startswith("To train (3 is only an example: name what a miss costs you")
    command = shlex.split(command_line)
    assert "--skip-empty" in command
    assert "Saved model.skcnn" in succeeds(*command)
