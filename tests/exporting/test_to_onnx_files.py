"""What `to_onnx` writes, where it works, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import skcnn
from skcnn import CostSensitiveTextCNN, MinCostClassifier
from skcnn.exporting import _graph
from tests.conftest import WORDS as CLASS_WORDS
from tests.conftest import Corpus, Make
from tests.exporting.reader import SOURCE
from tests.own_networks import averaged

# ---------------------------------------------------------------------------------------------
# Files
# ---------------------------------------------------------------------------------------------


def test_the_graph_says_what_it_is_and_needs(fitted: CostSensitiveTextCNN, tmp_path: Path) -> None:
    skcnn.to_onnx(fitted, tmp_path / "a.onnx")
    model = onnx.load(tmp_path / "a.onnx")
    assert (model.producer_name, model.producer_version) == ("skcnn", skcnn.__version__)
    assert {each.domain: each.version for each in model.opset_import} == {"": 18, "ai.onnx.ml": 3}
    assert [each.name for each in model.graph.input] == [
        "token_ids",
        "new_ids",
        "new_hashes",
        "new_characters",
    ]


def test_the_tokenizer_names_the_graph_and_its_columns(
    fitted: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    skcnn.to_onnx(fitted, str(tmp_path / "a.onnx"))
    parts = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert parts["onnx_sha256"] == hashlib.sha256((tmp_path / "a.onnx").read_bytes()).hexdigest()
    assert parts["classes"] == fitted.classes_.tolist()


PREDICT = """
import sys
for name in ("skcnn", "sklearn", "scipy", "tensorflow", "onnx"):
    sys.modules[name] = None  # cannot be imported
import onnxruntime
inputs = Tokenizer("a.json")(["win cash", "home"])
print(onnxruntime.InferenceSession("a.onnx").run(["label"], inputs)[0].tolist())
"""


def test_numpy_and_onnx_runtime_are_enough_to_predict(
    fitted: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    skcnn.to_onnx(fitted, tmp_path / "a.onnx")
    run = subprocess.run(
        [sys.executable, "-c", SOURCE + PREDICT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == str(fitted.predict(["win cash", "home"]).tolist())


EXPORT = """
import sys
import skcnn
skcnn.to_onnx(skcnn.load("a.skcnn"), "a.onnx")
print({"tensorflow", "keras"} & set(sys.modules))
"""


def test_a_server_without_tensorflow_can_export(
    fitted: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "a.skcnn")
    run = subprocess.run(
        [sys.executable, "-c", EXPORT], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "set()"
    assert (tmp_path / "a.onnx").exists()


# ---------------------------------------------------------------------------------------------
# Refusals
# ---------------------------------------------------------------------------------------------


def test_a_graph_that_is_too_large_for_one_file_is_refused(
    fitted: CostSensitiveTextCNN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_graph, "_BYTES_OF_PROTOBUF", 1000)
    with pytest.raises(ValueError, match=r"at most 1,000.*word_vectors=False"):
        skcnn.to_onnx(fitted, tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a.json", "a.skcnn"])
def test_another_name_is_refused(name: str, fitted: CostSensitiveTextCNN, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in \.onnx"):
        skcnn.to_onnx(fitted, tmp_path / name)


def test_a_folder_that_does_not_exist_is_refused(
    fitted: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match="create it first"):
        skcnn.to_onnx(fitted, tmp_path / "missing" / "a.onnx")


def test_without_onnx_the_error_says_what_to_install(
    fitted: CostSensitiveTextCNN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "skcnn\[onnx\]"'):
        skcnn.to_onnx(fitted, tmp_path / "a.onnx")


@pytest.mark.parametrize("word_vectors", ["float16", "int8", "int4", "false", None, 0, 1])
def test_word_vectors_other_than_true_and_false_are_refused(
    word_vectors: Any, fitted: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"word_vectors is .*True or False.*of save only"):
        skcnn.to_onnx(fitted, tmp_path / "a.onnx", word_vectors=word_vectors)
    assert not list(tmp_path.iterdir())


def test_another_classifier_is_refused(tmp_path: Path) -> None:
    other = LogisticRegression().fit([[0], [1]], [0, 1])
    with pytest.raises(TypeError, match="a LogisticRegression; expected a CostSensitiveTextCNN"):
        skcnn.to_onnx(other, tmp_path / "a.onnx")
    rule = MinCostClassifier(FrozenEstimator(other)).fit([[0], [1]], [0, 1])
    with pytest.raises(TypeError, match="a MinCostClassifier around a LogisticRegression"):
        skcnn.to_onnx(rule, tmp_path / "a.onnx")


def test_a_classifier_that_is_not_fitted_is_refused(small_cnn: Make, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="not fitted"):
        skcnn.to_onnx(small_cnn(), tmp_path / "a.onnx")


WORDS_OF_BOTH = [*CLASS_WORDS["ham"], *CLASS_WORDS["spam"]]


def vectors(texts: list[str]) -> Any:
    return np.array([[text.count(word) for word in WORDS_OF_BOTH] for text in texts], np.float32)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"tokenizer": str.split}, "tokenizer of its own"),
        ({"sentence_vectors": vectors}, "has sentence vectors.*distill"),
        ({"network": averaged, "linear_model": False}, "has a Keras network of yours"),
        (
            {"members": [("mine", make_pipeline(TfidfVectorizer(), LogisticRegression()))]},
            "has a classifier of yours.*distill",
        ),
    ],
    ids=["tokenizer", "sentence vectors", "network", "member"],
)
def test_what_cannot_be_exported_is_refused(
    parameters: dict[str, Any], message: str, small_cnn: Make, noisy: Corpus, tmp_path: Path
) -> None:
    cnn = small_cnn(epochs=1, **parameters).fit(noisy.texts, noisy.labels)
    with pytest.raises(TypeError, match=message):
        skcnn.to_onnx(cnn, tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_labels_that_onnx_does_not_have_are_refused(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    dates = np.where(two_classes.labels == "spam", "2020-01-01", "2021-01-01")
    cnn = small_cnn(epochs=1).fit(two_classes.texts, dates.astype("datetime64[D]"))
    with pytest.raises(TypeError, match="ONNX has strings, booleans and numbers"):
        skcnn.to_onnx(cnn, tmp_path / "a.onnx")


@pytest.mark.parametrize("classes", [[5, 2**63], [2**63, 2**64 - 1]], ids=str)
def test_labels_that_are_too_large_for_int64_are_refused(
    classes: list[int], small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    y = np.array(classes, np.uint64)[(two_classes.labels == "spam").astype(int)]
    cnn = small_cnn(epochs=1).fit(two_classes.texts, y)
    with pytest.raises(TypeError, match=rf"{classes[1]}.*2\*\*63 - 1.*str\(label\)"):
        skcnn.to_onnx(cnn, tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("label", [2**63, np.uint64(2**63)], ids=["int", "uint64"])
def test_an_abstain_label_that_is_too_large_for_int64_is_refused(
    label: Any, small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    y = (two_classes.labels == "spam").astype(int)
    cnn = small_cnn(epochs=1).fit(two_classes.texts, y)
    rule = MinCostClassifier(FrozenEstimator(cnn), abstain_cost=0.1, abstain_label=label)
    with pytest.raises(TypeError, match=rf"the labels have {2**63}; "):
        skcnn.to_onnx(rule.fit(two_classes.texts, y), tmp_path / "a.onnx")


def test_costs_that_were_changed_after_the_fit_give_a_warning(
    fitted: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    cnn = fitted.with_costs({"spam": 2})
    cnn.cost_matrix = {"spam": 3}
    with pytest.warns(UserWarning, match="cost_matrix"):
        skcnn.to_onnx(cnn, tmp_path / "a.onnx")
