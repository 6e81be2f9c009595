"""A fitted classifier as an ONNX graph: ONNX Runtime predicts as skcnn does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import skcnn
from skcnn import CostSensitiveTextCNN, MinCostClassifier
from skcnn.costs._loss_formulas import LOSS_NAMES
from skcnn.costs._posterior import PosteriorRule
from skcnn.predicting._classifier import FittedClassifier
from skcnn.predicting._ngram_model import NgramModel
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._sequences import PADDING
from tests.conftest import UNKNOWN_WORDS, Corpus, Make
from tests.exporting.reader import tokenizer

TOLERANCE = 1e-5
DIRTY = [
    "",
    " \t\n",
    "win win WIN cash, cash!",
    "Lotteries lottery-ish winnings unheard",
    "ｗｉｎ ＣＡＳＨ ½ Tylenol™ don’t",
    "好吃 日本語 한국어 हिन्दी 👍🏽 🇩🇪",
    "\ud800 a\x00b \u200bx",
    "x" * 300 + " cash",
    "cash " * 400,
    "jackpot Jackpot dinner ж",
    *UNKNOWN_WORDS,
]


class Exported:
    """The graph of a classifier, and the program that makes its inputs."""

    def __init__(self, model: Any, folder: Path, **how: Any) -> None:
        path = folder / "model.onnx"
        skcnn.to_onnx(model, path, **how)
        self.session = onnxruntime.InferenceSession(path)
        self.inputs = tokenizer(path.with_suffix(".json"))

    def __call__(self, texts: list[str]) -> list[Any]:
        outputs: list[Any] = self.session.run(None, self.inputs(texts))
        return outputs


def check_equal(model: Any, exported: Exported, texts: list[str]) -> None:
    P, costs, labels = exported(texts)
    np.testing.assert_allclose(P, model.predict_proba(texts), rtol=0, atol=TOLERANCE)
    scale = np.abs(model.cost_matrix_).max()
    np.testing.assert_allclose(costs, model.expected_costs(texts), rtol=0, atol=scale * TOLERANCE)
    assert labels.tolist() == model.predict(texts).tolist()


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Exported]:
    def to_folder(model: Any, **how: Any) -> Exported:
        return Exported(model, tmp_path, **how)

    return to_folder


OF_CLASSES = [[0, 1, 1], [1, 0, 1], [5, 5, 0]]
UNEVEN = [[0, 1, 2], [3, 0, 1], [5, 2, 0]]
MODELS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "one width": {"filter_widths": (3,)},
    "widths in another order": {"filter_widths": (2, 4, 1)},
    "no n-gram model": {"linear_model": False},
    "no subwords": {"subwords": False},
    "rare words left out": {"max_vocabulary": 5},
    "capital letters": {"lowercase": False},
    "the first tokens": {"max_length": 4},
    "the first and the last tokens": {"max_length": (2, 3)},
    "the most probable label": {"decision": "argmax", "cost_matrix": {"spam": 9}},
    "gains": {"cost_matrix": [[-2, 1, 1], [1, -3, 1], [9, 9, 0]]},
    "huge costs": {"cost_matrix": [[0, 1e200, 1e200], [3e200, 0, 1e200], [5e200, 2e200, 0]]},
}


@pytest.fixture(scope="module")
def of_three(small_cnn: Make, three_classes: Corpus) -> CostSensitiveTextCNN:
    return small_cnn(epochs=1).fit(three_classes.texts, three_classes.labels)


@pytest.mark.parametrize("name", MODELS)
def test_the_graph_predicts_as_the_estimator_does(
    name: str, small_cnn: Make, three_classes: Corpus, new_texts: list[str], export: Any
) -> None:
    cnn = small_cnn(**MODELS[name]).fit(three_classes.texts, three_classes.labels)
    check_equal(cnn, export(cnn), [*new_texts, *DIRTY])


@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("costs", [OF_CLASSES, UNEVEN], ids=["of classes", "uneven"])
def test_the_correction_for_each_loss_is_part_of_the_graph(
    loss: str, costs: Any, of_three: CostSensitiveTextCNN, new_texts: list[str], export: Any
) -> None:
    cnn = of_three.with_costs(costs)
    network, *others = cnn._model.members
    assert isinstance(network, FittedTextCNN)
    network = replace(network, posterior_rule=PosteriorRule(loss, np.array(costs, float)))
    cnn._model = replace(cnn._model, members=(network, *others))
    check_equal(cnn, export(cnn), new_texts)


def test_two_classes(fitted: CostSensitiveTextCNN, new_texts: list[str], export: Any) -> None:
    check_equal(fitted, export(fitted), [*new_texts, *DIRTY])


@pytest.mark.filterwarnings("ignore:At these costs the loss")
def test_errors_on_one_class_cost_nothing(
    small_cnn: Make, two_classes: Corpus, new_texts: list[str], export: Any
) -> None:
    costs = [[0, 0], [5, 0]]
    cnn = small_cnn(cost_matrix=costs, loss="misclassification", linear_model=False, epochs=1)
    cnn.fit(two_classes.texts, two_classes.labels)
    exported = export(cnn)
    check_equal(cnn, exported, [*new_texts, *DIRTY])
    np.testing.assert_allclose(exported(new_texts)[0].sum(axis=1), 1, rtol=0, atol=1e-9)


@pytest.mark.parametrize("word_vectors", [True, False])
def test_pretrained_vectors_subwords_and_unlabeled_texts(
    word_vectors: bool, with_all: CostSensitiveTextCNN, tmp_path: Path, export: Any
) -> None:
    exported = export(with_all, word_vectors=word_vectors)
    if not word_vectors:
        with_all.save(tmp_path / "small.skcnn", word_vectors=False)
        with_all = CostSensitiveTextCNN.load(tmp_path / "small.skcnn")
    texts = [*DIRTY, "a Gratis lottery lottering", "prize cash PRIZE lotteryish meetinger"]
    check_equal(with_all, exported, texts)


def test_without_vectors_of_unseen_words_the_files_are_smaller(
    by_mapping: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    sizes = {}
    for word_vectors in (True, False):
        skcnn.to_onnx(by_mapping, tmp_path / "a.onnx", word_vectors=word_vectors)
        parts = json.loads((tmp_path / "a.json").read_text("utf-8"))
        sizes[word_vectors] = ((tmp_path / "a.onnx").stat().st_size, len(parts["vocabulary"]))
    assert sizes[False] < sizes[True]


def test_words_of_one_character(small_cnn: Make, export: Any) -> None:
    """They have no n-grams of characters."""
    texts = ["好吃快", "好香热", "慢冷差", "差坏慢"] * 10
    cnn = small_cnn().fit(texts, ["good", "good", "bad", "bad"] * 10)
    check_equal(cnn, export(cnn), [*texts[:4], "好慢", "味道好", "", *DIRTY])


def test_the_log_odds_of_ngrams_are_limited(
    of_three: CostSensitiveTextCNN, new_texts: list[str], export: Any
) -> None:
    cnn = of_three.with_costs(None)
    network, ngrams = cnn._model.members
    assert isinstance(ngrams, NgramModel)
    ngrams = replace(ngrams, intercept=ngrams.intercept - np.float32(1000))
    cnn._model = replace(cnn._model, members=(network, ngrams))
    check_equal(cnn, export(cnn), new_texts)


def test_the_vector_of_padding_does_not_count(
    fitted: CostSensitiveTextCNN, new_texts: list[str], export: Any
) -> None:
    cnn = fitted.with_costs(None)
    network, *others = cnn._model.members
    assert isinstance(network, FittedTextCNN)
    embedding = network.weights.embedding.copy()
    embedding[PADDING] = 9
    network = replace(network, weights=replace(network.weights, embedding=embedding))
    cnn._model = replace(cnn._model, members=(network, *others))
    check_equal(cnn, export(cnn), new_texts)


def test_a_model_after_partial_fit(small_cnn: Make, noisy: Corpus, export: Any) -> None:
    cnn = small_cnn().fit(noisy.texts[:200], noisy.labels[:200])
    cnn.partial_fit([*noisy.texts[200:], "newword spam"], [*noisy.labels[200:], "spam"])
    check_equal(cnn, export(cnn), [*noisy.texts[:50], *DIRTY, "newword newwords"])


def test_a_student_of_classifiers_that_cannot_be_exported(
    small_cnn: Make, noisy: Corpus, export: Any
) -> None:
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    cnn = small_cnn(members=[("mine", pipeline)], distill=True)
    cnn.fit(noisy.texts[:200], noisy.labels[:200], unlabeled=noisy.texts[200:])
    check_equal(cnn, export(cnn), DIRTY)


@pytest.mark.parametrize("ignored", [0, 1])
def test_a_member_that_does_not_count(
    ignored: int, fitted: CostSensitiveTextCNN, new_texts: list[str], export: Any
) -> None:
    cnn = fitted.with_costs(None)
    exponents = np.array([0.9, 0.8])
    exponents[ignored] = 0
    cnn._model = replace(cnn._model, pool=LogarithmicPool(exponents, np.array([0.1, -0.2])))
    check_equal(cnn, export(cnn), new_texts)


def test_a_classifier_that_does_not_count_need_not_be_exported(
    fitted: CostSensitiveTextCNN, two_classes: Corpus, new_texts: list[str], export: Any
) -> None:
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    pipeline.fit(two_classes.texts, two_classes.labels)
    cnn = fitted.with_costs(None)
    members = (*cnn._model.members, FittedClassifier("mine", pipeline, 2))
    pool = LogarithmicPool(np.array([0.7, 0.4, 0]), np.zeros(2))
    cnn._model = replace(cnn._model, members=members, pool=pool)
    check_equal(cnn, export(cnn), new_texts)


RULES: dict[str, dict[str, Any]] = {
    "other costs": {"cost_matrix": {"spam": 30}},
    "abstentions": {"abstain_cost": 0.02, "abstain_label": "a person"},
    "a threshold": {"threshold": 0.35},
    "a threshold on the other class": {"threshold": 0.35, "pos_label": "ham"},
    "never": {"threshold": np.inf},
    "class shares": {"prior": {"ham": 0.9, "spam": 0.1}, "train_prior": [0.5, 0.5]},
    "class shares and costs": {
        "cost_matrix": [[0, 1], [7, 0]],
        "prior": [1, 0],
        "train_prior": [0.5, 0.5],
    },
}


@pytest.mark.parametrize("name", RULES)
def test_the_rule_around_an_estimator_decides(
    name: str, fitted: CostSensitiveTextCNN, two_classes: Corpus, noisy: Corpus, export: Any
) -> None:
    rule = MinCostClassifier(FrozenEstimator(fitted), **RULES[name])
    rule.fit(two_classes.texts, two_classes.labels)
    exported = export(rule)
    check_equal(rule, exported, noisy.texts)
    if name == "abstentions":
        assert "a person" in exported(noisy.texts)[2]


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        (["ham", "spam"], object),
        ([-3, 7], np.int64),
        ([False, True], np.bool_),
        ([1.0, 2.0], np.float64),
        (np.array([0, 1], np.uint8), np.int64),
        (np.array([5, 2**63 - 1], np.uint64), np.int64),
        (np.array(["ham", "spam"], object), object),
    ],
    ids=str,
)
def test_labels_keep_their_kind(
    classes: Any, kind: Any, small_cnn: Make, two_classes: Corpus, export: Any
) -> None:
    y = np.asarray(classes)[(two_classes.labels == "spam").astype(int)]
    cnn = small_cnn(epochs=1).fit(two_classes.texts, y)
    labels = export(cnn)(two_classes.texts[:20])[2]
    assert labels.dtype == kind
    assert labels.tolist() == cnn.predict(two_classes.texts[:20]).tolist()


@pytest.fixture(scope="module")
def exported_once(
    with_all: CostSensitiveTextCNN, tmp_path_factory: pytest.TempPathFactory
) -> Exported:
    return Exported(with_all, tmp_path_factory.mktemp("onnx"))


WORDS = st.sampled_from(
    ["lottery", "Lottery", "lotterers", "meetingy", "the", "CASH", *UNKNOWN_WORDS]
)
TEXTS = st.lists(
    st.text(max_size=60) | st.lists(WORDS | st.text(max_size=4), max_size=30).map(" ".join),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(TEXTS)
def test_any_texts_get_the_same_probabilities(
    exported_once: Exported, with_all: CostSensitiveTextCNN, texts: list[str]
) -> None:
    P = exported_once(texts)[0]
    np.testing.assert_allclose(P, with_all.predict_proba(texts), rtol=0, atol=TOLERANCE)


def test_a_text_does_not_depend_on_the_others(exported_once: Exported) -> None:
    texts = [*DIRTY, "lottery meeting"]
    together = exported_once(texts)[0]
    alone = [exported_once([text])[0][0] for text in texts]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)


def test_the_reference_implementation_of_onnx_agrees(
    with_all: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    skcnn.to_onnx(with_all, tmp_path / "a.onnx")
    texts = ["a Gratis lottery lottering", "prize cash PRIZE", ""]
    inputs = tokenizer(tmp_path / "a.json")(texts)
    outputs: list[Any] = list(ReferenceEvaluator(str(tmp_path / "a.onnx")).run(None, inputs))
    P, _, labels = outputs
    np.testing.assert_allclose(P, with_all.predict_proba(texts), rtol=0, atol=TOLERANCE)
    assert labels.tolist() == with_all.predict(texts).tolist()
