from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import skcnn
from tests.cli.tables import run_without_importing, succeeds

TEXTS = ["win cash now", "", "see you at eight"]


def test_one_text_is_explained_as_python_explains_it(model: Path) -> None:
    explanation = skcnn.CostSensitiveTextCNN.load(model).explain(TEXTS[:1])[0]
    printed = succeeds("explain", model, "--text", TEXTS[0])
    assert printed.startswith(f"{explanation!r}\n\n(base): ")


def test_the_last_line_says_once_what_the_words_mean(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "new.txt"
    data.write_text("".join(f"{text}\n" for text in TEXTS * 50))
    printed = succeeds("explain", model, data)
    *_, empty, legend = printed.splitlines()
    assert empty == ""
    for word in ("(base): ", "log-odds: ", "saves: "):
        assert word in legend
        assert printed.count(word) == 1
    assert "saves: " not in succeeds("explain", model, data, "--json")


def test_each_text_of_a_table_is_one_line_of_json(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "new.txt"
    data.write_text("".join(f"{text}\n" for text in TEXTS * 50))
    found = [json.loads(line) for line in succeeds("explain", model, data, "--json").splitlines()]
    assert [each["text"] for each in found] == TEXTS * 50
    for each in found:
        p = each["probabilities"][each["predicted"]]
        log_odds = each["base_log_odds"] + sum(row["log_odds"] for row in each["ngrams"])
        assert log_odds == pytest.approx(np.log(p / (1 - p)), abs=1e-4)
    assert found[0]["predicted"] == "spam"


def test_explain_never_imports_tensorflow(model: Path) -> None:
    modules = ("tensorflow", "keras")
    result = run_without_importing("explain", model, "--text", "win cash", modules=modules)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", ["explain", "predict"])
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "expected a table, or one text"),
        (["free entry, call now"], "there is no such file. For one text: skcnn"),
        (["absent.csv"], "absent.csv: No such file"),
    ],
)
def test_a_text_in_the_place_of_a_table_is_explained(
    fails: Callable[..., str], model: Path, command: str, arguments: list[str], complaint: str
) -> None:
    assert complaint in fails(command, model, *arguments)


def test_a_text_does_not_command_the_terminal(model: Path) -> None:
    for options in ([], ["--json"]):
        printed = succeeds("explain", model, "--text", "\x1b[2Jwin \x9b1m \u202ecash", *options)
        assert not {"\x1b", "\x9b", "\u202e"} & set(printed)
