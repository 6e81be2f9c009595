"""The list of types for skops, against what skops finds in models of all kinds."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline

import skcnn
from skcnn import (
    CooccurrenceVectors,
    CostSensitiveTextCNN,
    MinCostClassifier,
    losses,
    make_cost_scorer,
)
from skcnn.files import TRUSTED_TYPES
from tests.conftest import make_corpus
from tests.text.encoders import count_topics

io = pytest.importorskip("skops.io")
CORPUS = make_corpus({"ham": 0.65, "spam": 0.35}, 160)
THREE = make_corpus({"ham": 0.5, "offer": 0.25, "spam": 0.25}, 200, seed=1)
TINY = {
    "embedding_dim": 8,
    "n_filters": 4,
    "filter_widths": (1, 2),
    "epochs": 1,
    "early_stopping": False,
    "random_state": 0,
}
COSTS = {"spam": 5}


def cnn(**parameters: Any) -> CostSensitiveTextCNN:
    return CostSensitiveTextCNN(COSTS, **{**TINY, **parameters})


def fit(estimator: Any, corpus: Any = CORPUS, **arguments: Any) -> Any:
    return estimator.fit(np.array(corpus.texts), corpus.labels, **arguments)


def bag_of_words() -> Any:
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


def pooling(meta: dict[str, Any]) -> Any:
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Embedding(*meta["embeddings"].shape),
            layers.GlobalMaxPooling1D(),
            layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def frozen() -> Any:
    return FrozenEstimator(fit(cnn()))


MODELS: dict[str, Callable[[], Any]] = {
    "default": lambda: fit(cnn()),
    "early stopping": lambda: fit(cnn(early_stopping=True)),
    "a network alone": lambda: fit(cnn(linear_model=False)),
    "word vectors": lambda: fit(cnn(word_vectors={"win": [1.0, 0.5], "jackpot": [0.5, 0.5]})),
    "vectors from texts": lambda: fit(cnn(word_vectors=CooccurrenceVectors(3).fit(CORPUS.texts))),
    "three classes": lambda: fit(cnn(), THREE),
    "a loss object": lambda: fit(cnn(loss=losses.FocalCost([[0, 1], [5, 0]]))),
    "partial_fit": lambda: cnn().partial_fit(CORPUS.texts, CORPUS.labels, classes=["ham", "spam"]),
    "sentence vectors": lambda: fit(cnn(sentence_vectors=count_topics)),
    "a transformer": lambda: fit(
        cnn(sentence_vectors=make_pipeline(TfidfVectorizer(), TruncatedSVD(2)))
    ),
    "members": lambda: fit(cnn(members=[("bag", bag_of_words())])),
    "students": lambda: fit(
        cnn(members=[("bag", bag_of_words())], distill=True), unlabeled=THREE.texts
    ),
    "an own network": lambda: fit(cnn(network=pooling)),
    "a rule": lambda: fit(MinCostClassifier(frozen(), threshold=0.3)),
    "any classifier": lambda: fit(MinCostClassifier(bag_of_words(), COSTS)),
    "other costs": lambda: fit(cnn()).with_costs({"spam": 50}),
    "a calibration": lambda: fit(CalibratedClassifierCV(frozen())),
    "a fixed threshold": lambda: fit(FixedThresholdClassifier(frozen(), threshold=0.3)),
    "a tuned threshold": lambda: fit(
        TunedThresholdClassifierCV(
            frozen(), scoring=make_cost_scorer(COSTS), cv="prefit", refit=False
        )
    ),
    "a search": lambda: fit(
        GridSearchCV(cnn(), {"dropout": [0.1]}, scoring=make_cost_scorer(COSTS), cv=2)
    ),
}


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return {name: make() for name, make in MODELS.items()}


@pytest.fixture(scope="module")
def files(models: dict[str, Any]) -> dict[str, bytes]:
    return {name: io.dumps(model) for name, model in models.items()}


def test_the_list_has_all_types_that_skops_finds_and_no_other(
    models: dict[str, Any], files: dict[str, bytes]
) -> None:
    contents = [*files.values(), io.dumps(CooccurrenceVectors(3).fit(CORPUS.texts))]
    for name in losses.__all__:
        loss = getattr(losses, name)([[0, 1], [5, 0]])
        contents.append(io.dumps(copy(models["default"]).set_params(loss=loss)))
    found = {name for each in contents for name in io.get_untrusted_types(data=each)}
    ours = {name for name in found if name.startswith("skcnn.")}
    assert sorted(TRUSTED_TYPES) == sorted(ours)


@pytest.mark.parametrize("name", MODELS)
def test_a_file_of_skops_gives_the_same_probabilities(
    name: str, models: dict[str, Any], files: dict[str, bytes]
) -> None:
    content = files[name]
    others = [each for each in io.get_untrusted_types(data=content) if each[:6] != "skcnn."]
    twin = io.loads(content, trusted=[*TRUSTED_TYPES, *others])
    texts = np.array(["win cash now", "lunch", "jackpot", ""])
    np.testing.assert_array_equal(twin.predict_proba(texts), models[name].predict_proba(texts))


@pytest.mark.parametrize("name", ["default", "three classes", "partial_fit", "a rule", "students"])
def test_models_without_objects_of_others_need_no_other_type(
    name: str, files: dict[str, bytes]
) -> None:
    assert set(io.get_untrusted_types(data=files[name])) <= set(TRUSTED_TYPES)


def test_a_file_of_skops_that_another_version_wrote_is_read_with_a_warning(
    models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skcnn, "__version__", "0.1.7")
    content = io.dumps(models["default"])
    monkeypatch.undo()
    with pytest.warns(UserWarning, match=r"pickled by skcnn 0\.1\.7"):
        io.loads(content, trusted=list(TRUSTED_TYPES))
