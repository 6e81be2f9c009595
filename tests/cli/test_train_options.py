"""``skcnn train``: what it learns from, and what it measures on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import skcnn
from tests.cli.tables import ROWS, SPAM, succeeds, written

HEADER = ("text", "label")
FAST = ["--epochs", "1", "--config", "fast.json"]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(Path("data.csv"), ROWS[:20] + ROWS[-20:], HEADER)
    Path("fast.json").write_text('{"n_filters": 4, "embedding_dim": 8, "linear_model": false}')


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each call of `fit` gets."""
    calls: list[dict[str, Any]] = []
    original = skcnn.CostSensitiveTextCNN.fit

    def fit(self: Any, X: Any, y: Any, **options: Any) -> Any:
        calls.append({"n": len(X), **options})
        return original(self, X, y, **options)

    monkeypatch.setattr(skcnn.CostSensitiveTextCNN, "fit", fit)
    return calls


def train(*options: str) -> str:
    return succeeds("train", "data.csv", *FAST, "-o", "model.skcnn", *options)


def loaded() -> skcnn.CostSensitiveTextCNN:
    return skcnn.CostSensitiveTextCNN.load("model.skcnn")


def test_train_trains_once_unless_it_measures(fits: list[dict[str, Any]]) -> None:
    assert "Not measured. Add --measure or --validation-file" in train()
    assert [call["n"] for call in fits] == [40]
    train("--measure")
    assert [call["n"] for call in fits[1:]] == [32, 40]


def test_the_steps_of_a_fit_and_its_epochs_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    @contextmanager
    def progress(message: str) -> Iterator[Callable[[str], None]]:
        shown.append(message)
        yield shown.append

    monkeypatch.setattr("skcnn.cli._fitting.progress", progress)
    train("--epochs", "2", "--measure")
    begins = ["To measure on 8 rows, training on 32: ", "Training on 40 rows: "]
    for begin in begins:
        said = [message.removeprefix(begin) for message in shown if message.startswith(begin)]
        assert said[0] == "starting TensorFlow"
        epochs = [line for line in said if line.startswith("Epoch ")]
        assert [line[:9] for line in epochs] == ["Epoch 1/2", "Epoch 2/2"]
        assert all("loss" in line and "val_loss" in line for line in epochs)
        assert said.index(epochs[0]) > 1  # tokens and word vectors come before
        assert said.index(epochs[1]) < len(said) - 1  # the n-gram model and the pool come after


def test_a_validation_file_is_measured_by_the_model_that_is_saved(
    fits: list[dict[str, Any]],
) -> None:
    written(Path("new.csv"), [(f"{text}!", "spam") for text in SPAM] + [("see you", "ham")], HEADER)
    found = json.loads(train("--validation-file", "new.csv", "--json"))["measured"]
    assert [call["n"] for call in fits] == [40]
    assert found["rows"] == 5
    evaluated = json.loads(succeeds("evaluate", "model.skcnn", "new.csv", "--json"))
    assert {key: evaluated[key] for key in found} == found


def test_the_options_are_parameters_of_the_estimator() -> None:
    Path("own.vec").write_text("2 2\ncash 1 0\nlunch 0 1\n")
    options = ["--loss", "cross_entropy", "--word-vectors", "own.vec", "--random-state", "3"]
    train(*options, "--cost", "spam:ham=7")
    params = loaded().get_params()
    assert params["loss"] == "cross_entropy"
    assert params["word_vectors"] == "own.vec"
    assert params["random_state"] == 3
    assert params["n_filters"] == 4  # of the file
    assert params["epochs"] == 1
    assert loaded().cost_matrix_.tolist() == [[0, 1], [7, 0]]
    assert "lunch" not in loaded().embedding_coverage_.missing


def test_a_validation_file_without_the_positive_label_has_no_recall() -> None:
    written(Path("new.csv"), [("see you", "ham")], HEADER)
    printed = train("--validation-file", "new.csv", "--positive", "spam")
    assert "of 0 'spam' (recall -)" in printed


def test_an_option_counts_more_than_the_file() -> None:
    Path("fast.json").write_text(
        '{"epochs": 2, "random_state": 5, "cost_matrix": {"spam": 2}, "linear_model": false}'
    )
    train("--cost", "spam=3")
    assert loaded().epochs == 1
    assert loaded().random_state == 5
    assert loaded().cost_matrix_.tolist() == [[0, 1], [3, 0]]
    train("--random-state", "0")
    assert loaded().random_state == 0
    assert loaded().cost_matrix_.tolist() == [[0, 1], [2, 0]]


def test_balanced_costs_are_those_of_the_table() -> None:
    written(Path("data.csv"), ROWS[:10] + ROWS[-30:], HEADER)
    train("--cost", "balanced")
    assert loaded().cost_matrix_[1, 0] == pytest.approx(2)  # 40 / (2 * 10)


def test_unlabeled_texts_are_learned_from(fits: list[dict[str, Any]]) -> None:
    Path("more.txt").write_text("brand new words\n\nsee you\n")
    train("--unlabeled", "more.txt")
    assert fits[0]["unlabeled"] == ["brand new words", "see you"]
    assert "brand" in loaded().vocabulary_


def test_options_for_reading_are_for_every_table(fits: list[dict[str, Any]]) -> None:
    lines = [
        "Text,label",
        *(f"für {text.replace(',', '')},{y}" for text, y in ROWS[:20] + ROWS[-20:]),
    ]
    for name in ("data.csv", "new.dat", "more.csv"):
        Path(name).write_text("\n".join(lines).replace(",", "~"), "cp1252")
    options = ["--encoding", "cp1252", "--separator", "~", "--text", "Text", "--format", "csv"]
    others = ["--validation-file", "new.dat", "--unlabeled", "more.csv"]
    found = json.loads(train(*options, *others, "--json"))["measured"]
    assert found["rows"] == 40
    assert fits[0]["unlabeled"][0].startswith("für ")
    # Options that the other table does not have are left out for it.
    Path("more.jsonl").write_text('{"Text": "für alle"}', "cp1252")
    train(*options[:-2], "--unlabeled", "more.jsonl")
    assert fits[-1]["unlabeled"] == ["für alle"]


def test_a_seed_repeats_the_model() -> None:
    train()
    first = Path("model.skcnn").read_bytes()
    train()
    assert Path("model.skcnn").read_bytes() == first


def test_without_a_cost_the_output_says_what_errors_cost() -> None:
    printed = train("--positive", "ham")
    assert "True class ham: predicting spam costs 1.\n" in printed
    assert re.search(
        r"^Found \d of 4 'ham' \(recall \d\.\d{3}\), \d false alarms\.$", printed, re.M
    )


def test_a_validation_file_with_other_labels_is_refused_before_training(
    fits: list[dict[str, Any]], fails: Any
) -> None:
    written(Path("new.csv"), [("see you", "offer"), *ROWS[:1]], HEADER)
    options = ["-o", "model.skcnn", "--validation-file", "new.csv"]
    complaint = "has the label 'offer', which the training table does not have"
    assert complaint in fails("train", "data.csv", *options)
    assert not fits


def test_costs_of_a_label_that_is_a_number() -> None:
    rows = [(text, "1" if label == "spam" else "0") for text, label in ROWS]
    written(Path("data.csv"), rows, HEADER)
    train("--cost", "1=5")
    assert loaded().classes_.tolist() == ["0", "1"]
    assert loaded().cost_matrix_.tolist() == [[0, 1], [5, 0]]
