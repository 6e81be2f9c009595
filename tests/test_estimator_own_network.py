"""The estimator with a user's own network: every tool of scikit-learn, pickles, files."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skcnn import CostSensitiveTextCNN
from skcnn.costs import posterior
from skcnn.costs._loss_formulas import LOSS_NAMES
from skcnn.files import _archive
from skcnn.predicting import _keras_network
from skcnn.text._long_text import LongText
from tests.conftest import Corpus, make_corpus
from tests.own_networks import averaged, two_channels

ROOT = Path(__file__).parents[1]
Make = Callable[..., CostSensitiveTextCNN]


@pytest.fixture(scope="module")
def few() -> Corpus:
    """60 texts of two classes."""
    return make_corpus({"ham": 0.5, "spam": 0.5}, 60)


@pytest.fixture(scope="module")
def own_cnn(small_cnn: Make) -> Make:
    return partial(small_cnn, network=averaged, epochs=2, linear_model=False)


@pytest.fixture(scope="module")
def fitted_own(small_cnn: Make, few: Corpus) -> CostSensitiveTextCNN:
    """The network of two channels and the n-gram model, with early stopping."""
    cnn = small_cnn({"spam": 5}, network=two_channels, epochs=5, early_stopping=True)
    return cnn.fit(few.texts, few.labels)


@pytest.mark.filterwarnings("ignore:HardMisclassificationCost:UserWarning")
@pytest.mark.parametrize("loss", sorted(LOSS_NAMES))
def test_one_sigmoid_learns_with_each_loss_and_becomes_the_posterior(
    loss: str, own_cnn: Make, few: Corpus
) -> None:
    cnn = own_cnn({"spam": 5}, network=two_channels, loss=loss, epochs=8, learning_rate=0.05)
    P = cnn.fit(few.texts, few.labels).predict_proba(few.texts)
    assert (cnn.classes_[P.argmax(axis=1)] == few.labels).mean() > 0.8
    rule = cnn._model.network.posterior_rule
    sigmoid = np.asarray(cnn.model_(padded_ids(cnn, few.texts)), np.float64)  # (n, 1)
    expected = posterior(np.hstack([1 - sigmoid, sigmoid]), loss, rule.costs)
    np.testing.assert_allclose(P, expected, atol=1e-5)
    outputs_are_the_posterior = loss in ("cross_entropy", "hard_misclassification")
    assert outputs_are_the_posterior == np.allclose(P[:, [1]], sigmoid, atol=1e-5)


def padded_ids(cnn: CostSensitiveTextCNN, texts: list[str]) -> Any:
    rows = [[cnn.vocabulary_.get(word, 1) for word in text.split()] for text in texts]
    return np.array([row + [0] * (16 - len(row)) for row in rows], np.int32)


def test_a_softmax_learns_three_classes(own_cnn: Make) -> None:
    corpus = make_corpus({"ham": 0.4, "offer": 0.3, "spam": 0.3}, 90)
    cnn = own_cnn({"spam": 5}, network=two_channels, epochs=12, learning_rate=0.05)
    cnn.fit(corpus.texts, corpus.labels)
    P = cnn.predict_proba(corpus.texts)
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert cnn.score(corpus.texts, corpus.labels) > 0.8


def test_the_network_is_joined_with_the_ngram_model_and_says_what_it_learned(
    fitted_own: CostSensitiveTextCNN, few: Corpus
) -> None:
    assert [member.kind for member in fitted_own._model.members] == ["keras_network", "ngrams"]
    assert set(fitted_own.history_) == {"loss", "val_loss"}
    assert fitted_own.n_iter_ == 5
    assert fitted_own.best_iter_ == 1 + np.argmin(fitted_own.history_["val_loss"])
    assert {"lunch", "cash"} < set(fitted_own.vocabulary_)
    assert fitted_own.model_.get_weights()[0].shape == (2 + len(fitted_own.vocabulary_), 8)
    assert fitted_own.score(few.texts, few.labels) > 0.9


@pytest.mark.parametrize("subwords", [False, True])
def test_training_starts_from_one_whole_vector_for_each_word(
    subwords: bool, own_cnn: Make, few: Corpus
) -> None:
    seen: dict[str, Any] = {}

    def network(meta: dict[str, Any]) -> Any:
        seen.update(meta)
        return averaged(meta)

    vectors = {"win": [1.0, 2.0], "winner": [2.0, 1.0], "unseen": [3.0, 3.0]}
    cnn = own_cnn(
        network=network, word_vectors=vectors, subwords=subwords, embedding_dim=0, epochs=1
    ).fit(few.texts, few.labels)
    rows = seen["embeddings"]
    assert rows.shape == (seen["n_ids"], 2) == (2 + len(cnn.vocabulary_), 2)
    win, winner, lunch = (rows[cnn.vocabulary_[word]] for word in ("win", "winner", "lunch"))
    np.testing.assert_allclose(win / win[0], [1, 2], atol=1e-5)
    np.testing.assert_allclose(winner, win[::-1], atol=1e-5)
    np.testing.assert_allclose([*lunch, *rows[:2].ravel()], 0, atol=1e-5)


def test_a_word_that_training_did_not_see_is_unknown_even_with_a_vector(
    own_cnn: Make, few: Corpus
) -> None:
    vectors = {"win": [1.0, 2.0], "unseen": [3.0, 3.0]}
    cnn = own_cnn(word_vectors=vectors).fit(few.texts, few.labels)
    P = cnn.predict_proba(["win unseen", "win qqqq"])
    np.testing.assert_array_equal(P[0], P[1])


def test_the_estimator_can_be_cloned_and_repeats_its_fit(
    own_cnn: Make, few: Corpus, new_texts: list[str]
) -> None:
    cnn = own_cnn()
    assert clone(cnn).network is averaged
    once, again = (clone(cnn).fit(few.texts, few.labels).predict_proba(new_texts) for _ in "ab")
    np.testing.assert_allclose(once, again, atol=1e-6)
    other = own_cnn(random_state=1).fit(few.texts, few.labels).predict_proba(new_texts)
    assert not np.allclose(once, other, atol=1e-3)


def test_a_grid_of_costs_and_of_networks_is_searched(own_cnn: Make, few: Corpus) -> None:
    grid = [
        {"cost_matrix": [None, {"spam": 9}]},
        {"network": [partial(averaged, length=5)]},
    ]
    search = GridSearchCV(own_cnn(), grid, cv=2, error_score="raise").fit(few.texts, few.labels)
    assert len(search.cv_results_["params"]) == 3
    assert search.predict(few.texts).shape == (60,)


def test_a_sampler_may_stand_in_front(own_cnn: Make, few: Corpus) -> None:
    pipeline = Pipeline([("sampler", RandomOverSampler(random_state=0)), ("cnn", own_cnn())])
    X = np.array(few.texts, dtype=object)[:, np.newaxis]
    assert pipeline.fit(X, few.labels).predict_proba(X).shape == (60, 2)


CODE = """
import pickle, sys
import numpy as np
import skcnn

path, kind = sys.argv[1:]
if kind == "pickle":
    with open(path, "rb") as file:
        cnn = pickle.load(file)
else:
    cnn = skcnn.CostSensitiveTextCNN.load(path)
assert not {"tensorflow", "keras"} & set(sys.modules)
print(repr(cnn.predict_proba(["win cash now", "see you", ""]).tolist()))
assert "tensorflow" in sys.modules
"""


@pytest.mark.parametrize("kind", ["pickle", "file"])
def test_another_process_predicts_the_same_and_imports_tensorflow_only_then(
    kind: str, fitted_own: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    path = tmp_path / "model"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(fitted_own))
    else:
        fitted_own.save(path)
    run = subprocess.run(
        [sys.executable, "-c", CODE, path, kind],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    expected = fitted_own.predict_proba(["win cash now", "see you", ""])
    np.testing.assert_allclose(np.array(eval(run.stdout)), expected, atol=1e-6)


@pytest.mark.parametrize("word_vectors", [True, False])
def test_a_file_holds_the_trained_network_and_not_the_function(
    word_vectors: bool, fitted_own: CostSensitiveTextCNN, new_texts: list[str], tmp_path: Path
) -> None:
    fitted_own.save(tmp_path / "model", word_vectors=word_vectors)
    loaded = CostSensitiveTextCNN.load(tmp_path / "model")
    assert loaded.network is None
    assert loaded.best_iter_ == fitted_own.best_iter_
    np.testing.assert_array_equal(
        loaded.predict_proba(new_texts), fitted_own.predict_proba(new_texts)
    )
    np.testing.assert_array_equal(loaded.predict(new_texts), fitted_own.predict(new_texts))


def test_a_network_that_reads_one_word_survives_the_file(own_cnn: Make, tmp_path: Path) -> None:
    words = ["win", "cash", "lunch", "home"]
    cnn = own_cnn(network=partial(averaged, length=1)).fit(
        words * 5, ["spam", "spam", "ham", "ham"] * 5
    )
    assert cnn._model.network.length == 1
    cnn.save(tmp_path / "model")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(words), cnn.predict_proba(words))


def test_an_explanation_names_the_network_as_one_part(fitted_own: CostSensitiveTextCNN) -> None:
    assert "(network)" in fitted_own.explain(["win cash now"])[0].ngrams


def compressed() -> Any:
    """A zip archive that grows when it is read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 10**6)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def compressed_in_part() -> Any:
    """A zip archive of a stored and a compressed member, no larger than the file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", b"{}")
        archive.writestr("config.json", b" " * 100, zipfile.ZIP_DEFLATED)
    return np.frombuffer(buffer.getvalue(), np.uint8)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"length": 0}, "length is 0"),
        ({"length": "16"}, "length is of type str"),
        ({"from_logits": None}, "from_logits is of type NoneType"),
        ({"loss": {"name": "oracle", "parameters": {}}}, "loss is {'name': 'oracle'"),
        ({"model": np.zeros(4, np.uint8)}, "model is not a .keras file"),
        ({"model": np.zeros(4)}, "model has dtype float64"),
        ({"model": compressed()}, "model is a .keras file that is damaged or compressed"),
        ({"model": compressed_in_part()}, "model is a .keras file that is damaged or compressed"),
        ({"length": 10**12}, "length is 1000000000000, expected"),
        ({"more": 1}, r"keras_network has \['more'\]"),
        ({"loss_costs": np.zeros((3, 3))}, "loss_costs is"),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_refused(
    changes: dict[str, Any], complaint: str, fitted_own: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    fitted_own.save(tmp_path / "model")
    _, header, arrays, _ = _archive.read(tmp_path / "model")
    for name, value in changes.items():
        if isinstance(value, np.ndarray):
            arrays[f"member_0.{name}"] = value
        else:
            header["members"][0][name] = value
    _archive.write(tmp_path / "model", header, arrays)
    with pytest.raises(ValueError, match=complaint):
        CostSensitiveTextCNN.load(tmp_path / "model")


def test_a_damaged_network_is_an_error_that_says_so(fitted_own: CostSensitiveTextCNN) -> None:
    twin = pickle.loads(pickle.dumps(fitted_own))
    saved = twin._model.network.saved
    saved.content = saved.content[:1000]
    with pytest.raises(ValueError, match="Keras cannot read the network from its saved form"):
        twin.predict_proba(["win"])


def test_changing_the_keras_model_changes_no_predictions(
    fitted_own: CostSensitiveTextCNN, new_texts: list[str]
) -> None:
    before = fitted_own.predict_proba(new_texts)
    model = fitted_own.model_
    model.set_weights([0 * weight for weight in model.get_weights()])
    assert fitted_own.model_ is model
    np.testing.assert_array_equal(fitted_own.predict_proba(new_texts), before)
    del fitted_own._keras_model


def test_of_a_very_long_text_the_beginning_is_read(
    fitted_own: CostSensitiveTextCNN, monkeypatch: pytest.MonkeyPatch
) -> None:
    network: Any = fitted_own._model.network
    monkeypatch.setattr(_keras_network, "MAX_TOKENS", 40)
    beginning, end = ["the", "lunch"] * 20, ["win", "cash"] * 20
    expected = network.softmax([beginning])
    np.testing.assert_allclose(network.softmax([[*beginning, *end]]), expected, atol=1e-6)
    np.testing.assert_allclose(network.softmax([LongText(" ".join([*beginning, *end]))]), expected)
    monkeypatch.setattr(_keras_network, "MAX_TOKENS", 80)
    assert not np.allclose(network.softmax([[*beginning, *end]]), expected, atol=1e-3)


def test_the_longer_the_texts_the_fewer_are_computed_together() -> None:
    from skcnn.network._padded import _blocks

    widths = np.random.default_rng(0).choice([16, 64, 300, 5000, 10**6], 3000)
    found = _blocks(widths)
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(3000))
    for rows in found:
        assert len(rows) == 1 or widths[rows].sum() <= 2**15
        assert len(set(widths[rows])) == 1
