from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import skcnn
from tests.cli.tables import succeeds

STORED = sorted((Path(__file__).parents[1] / "files" / "stored").glob("*.skcnn"))


def test_info_says_what_the_file_holds(model: Path) -> None:
    estimator = skcnn.CostSensitiveTextCNN.load(model)
    found = json.loads(succeeds("info", model, "--json"))
    assert found["labels"] == ["ham", "spam"]
    assert found["cost_matrix"] == [[0, 1], [5, 0]]
    assert found["words"] == len(estimator.vocabulary_)
    assert found["models"] == ["TextCNN", "n-gram model"]
    assert found["skcnn"] == skcnn.__version__
    assert found["bytes"] == model.stat().st_size
    assert found["parameters"] == {"random_state": 0}
    printed = succeeds("info", model)
    assert f"Words known: {len(estimator.vocabulary_):,}\n" in printed
    assert "True class spam: predicting ham costs 5.\n" in printed
    assert "Parameters not the defaults: random_state=0\n" in printed


def test_word_vectors_in_the_file_are_counted(tmp_path: Path) -> None:
    vectors = {f"{'abcd'[i % 4]}{i // 4 or ''}": [0.0, 1.0] for i in range(2000)}
    cnn = skcnn.CostSensitiveTextCNN(
        word_vectors=vectors, epochs=1, early_stopping=False, linear_model=False, random_state=0
    )
    cnn.fit(["a b", "c d"], ["x", "y"]).save(tmp_path / "a.skcnn")
    found = json.loads(succeeds("info", tmp_path / "a.skcnn", "--json"))
    assert found["parameters"]["word_vectors"] == "2,000 entries"


def test_files_of_every_format_have_info() -> None:
    assert STORED
    formats = {json.loads(succeeds("info", path, "--json"))["format"] for path in STORED}
    assert {1, 2, 3} <= formats


def test_another_file_is_an_error(fails: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "a.skcnn"
    path.write_text("no model")
    assert "a.skcnn is not" in fails("info", path)
    assert "absent.skcnn: No such file" in fails("info", "absent.skcnn")
