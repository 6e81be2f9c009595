"""What the estimator makes of words: subwords, vectors from elsewhere, unlabeled texts."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnn import CooccurrenceVectors, CostSensitiveTextCNN
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text import tokenize
from skcnn.text._sequences import TokenSequences
from tests.conftest import (
    FILLERS,
    KINDS,
    SOME_TEXTS,
    UNKNOWN_WORDS,
    Corpus,
    Make,
    spam,
)


@pytest.fixture(scope="session")
def small_cnn(small_cnn: Make) -> Make:
    """The network alone: the linear model knows nothing of vectors and unseen words."""
    return partial(small_cnn, linear_model=False)


# --- subwords ---


@pytest.mark.parametrize("endings", [("ization", "est"), ("yy", "ie")])
def test_a_word_that_training_never_met_is_known_by_its_subwords(
    by_stem: CostSensitiveTextCNN, endings: tuple[str, str]
) -> None:
    for ending in endings:
        is_spam, is_ham = spam(by_stem, f"the lotter{ending}", f"the meetin{ending}")
        [unknown] = spam(by_stem, "the qqqq")
        assert is_ham < unknown < is_spam
        assert is_ham < 0.5 < is_spam


def test_a_misspelt_word_is_known_too(by_stem: CostSensitiveTextCNN) -> None:
    is_spam, is_ham = spam(by_stem, "lottterer", "meetting meetinj")
    assert is_ham < 0.5 < is_spam


def test_words_without_a_known_piece_are_one_unknown_word(by_stem: CostSensitiveTextCNN) -> None:
    assert len(set(np.round(spam(by_stem, *UNKNOWN_WORDS), 9))) == 1


@pytest.mark.parametrize("word", UNKNOWN_WORDS)
def test_a_text_of_one_unknown_word_is_predicted(by_stem: CostSensitiveTextCNN, word: str) -> None:
    assert spam(by_stem, word) == pytest.approx(spam(by_stem, "zzzz"), abs=1e-6)


def test_without_subwords_a_word_that_was_never_met_is_the_unknown_one(
    small_cnn: Make, stems: Corpus
) -> None:
    cnn = small_cnn(subwords=False).fit(stems.texts, stems.labels)
    proba = cnn.predict_proba(["the lotterization", "the meetinest", "the qqqq"])
    np.testing.assert_array_equal(proba, proba[[0, 0, 0]])


def test_a_prediction_does_not_depend_on_the_other_texts_of_the_call(
    with_all: CostSensitiveTextCNN,
) -> None:
    texts = [
        "the Lottering is",
        "lottering ж",
        "qqqq Gratis",
        "",
        "GRATIS gratis jackpot",
        "the lotterization of a meetinj",
        "lottery",
        *UNKNOWN_WORDS,
        "日 jackpot " * 50,
    ]
    together = with_all.predict_proba(texts)
    alone = np.concatenate([with_all.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)
    backwards = with_all.predict_proba(texts[::-1])[::-1]
    np.testing.assert_allclose(together, backwards, rtol=0, atol=1e-6)
    assert len(np.unique(together.round(6), axis=0)) > 5


def test_the_keras_model_is_the_same_network(with_all: CostSensitiveTextCNN) -> None:
    vocabulary = with_all.vocabulary_
    assert {"lottering", "jackpot", "Gratis"} <= set(vocabulary)
    texts = [
        "the lottery is lottering",
        "jackpot dinner ж",
        "Gratis meetinable",
        "lottering",
        "of of of",
    ]
    rows = [[vocabulary[word] for word in tokenize(text, lowercase=False)] for text in texts]
    outputs = np.asarray(with_all.model_(TokenSequences.from_lists(rows).to_padded()))
    expected = with_all._model.network.posterior_rule(outputs)
    np.testing.assert_allclose(expected, with_all.predict_proba(texts), rtol=0, atol=1e-5)


# --- unlabeled texts ---


UNLABELED = ["gratis win cash prize", "win gratis claim cash", "see lunch brunch home"] * 5


def test_words_of_unlabeled_texts_are_known(small_cnn: Make, two_classes: Corpus) -> None:
    X, y = two_classes.texts, two_classes.labels
    plain = small_cnn(subwords=False).fit(X, y)
    more = small_cnn(subwords=False, epochs=10).fit(X, y, unlabeled=UNLABELED)
    assert set(more.vocabulary_) - set(plain.vocabulary_) == {"gratis", "brunch"}
    assert spam(plain, "gratis") == spam(plain, "brunch") == spam(plain, "qqqq")
    is_spam, is_ham = spam(more, "gratis gratis", "brunch brunch")
    assert is_spam > is_ham + 0.1
    assert not hasattr(more, "embedding_coverage_")


@pytest.mark.parametrize(
    "container", [tuple, np.array, pd.Series, lambda t: pd.DataFrame({"t": t})]
)
def test_unlabeled_texts_come_in_any_container(
    small_cnn: Make, two_classes: Corpus, container: Callable[[list[str]], Any]
) -> None:
    found, expected = (
        small_cnn(epochs=1)
        .fit(two_classes.texts, two_classes.labels, unlabeled=texts)
        .predict_proba(["gratis brunch", *two_classes.texts[:5]])
        for texts in (container(UNLABELED), UNLABELED)
    )
    np.testing.assert_array_equal(found, expected)


def test_unlabeled_texts_stand_beside_pretrained_vectors(
    small_cnn: Make, two_classes: Corpus, mapping: dict[str, NDArray[np.float32]]
) -> None:
    cnn = small_cnn(word_vectors=mapping, epochs=1)
    cnn.fit(two_classes.texts, two_classes.labels, unlabeled=UNLABELED)
    assert {"gratis", "jackpot"} <= set(cnn.vocabulary_)
    network = cnn._model.network
    assert isinstance(network, FittedTextCNN)
    assert network.weights.embedding.shape[1] == 4 + 8
    assert "gratis" not in cnn.embedding_coverage_.missing


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"embedding_dim": 0, "word_vectors": {"win": [1.0]}}, ValueError, "embedding_dim=0"),
        ({"embedding_init": "uniform"}, ValueError, "embedding_init='uniform'.*'cooccurrence'"),
        ({"unlabeled": [1, 2]}, TypeError, "type int in row 0"),
        ({"unlabeled": ["a", None]}, ValueError, "unlabeled must be texts, .*missing"),
        ({"unlabeled": []}, ValueError, r"0 sample\(s\)"),
        ({"unlabeled": "one text"}, TypeError, "unlabeled must be texts, .*bare string"),
        ({"unlabeled": 5}, TypeError, "unlabeled must be texts, .*type int"),
        ({"unlabeled": [["a", "b"]]}, ValueError, "2 columns"),
    ],
)
def test_unlabeled_texts_that_would_do_nothing_are_refused(
    small_cnn: Make,
    two_classes: Corpus,
    parameters: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    unlabeled = parameters.get("unlabeled", UNLABELED)
    cnn = small_cnn(**{k: v for k, v in parameters.items() if k != "unlabeled"})
    with pytest.raises(error, match=message):
        cnn.fit(two_classes.texts, two_classes.labels, unlabeled=unlabeled)
    assert not hasattr(cnn, "classes_")


def test_the_old_parameter_for_unlabeled_texts_still_works_and_names_the_new_way(
    small_cnn: Make, two_classes: Corpus
) -> None:
    X, y = two_classes.texts, two_classes.labels
    old = small_cnn(epochs=1, unlabeled=UNLABELED)
    with pytest.warns(FutureWarning, match=r"Write fit\(X, y, unlabeled=\.\.\.\)") as record:
        old.fit(X, y)
    assert record[0].filename == __file__
    new = small_cnn(epochs=1).fit(X, y, unlabeled=UNLABELED)
    np.testing.assert_array_equal(old.predict_proba(["gratis"]), new.predict_proba(["gratis"]))


def test_unlabeled_texts_given_twice_are_refused(small_cnn: Make, two_classes: Corpus) -> None:
    cnn = small_cnn(epochs=1, unlabeled=UNLABELED)
    with (
        pytest.warns(FutureWarning, match="unlabeled"),
        pytest.raises(TypeError, match="unlabeled is given to fit and as a parameter"),
    ):
        cnn.fit(two_classes.texts, two_classes.labels, unlabeled=UNLABELED)


def test_the_old_parameter_can_be_cloned_and_searched(small_cnn: Make, two_classes: Corpus) -> None:
    X, y = two_classes.texts, two_classes.labels
    assert clone(small_cnn(unlabeled=UNLABELED)).unlabeled == UNLABELED
    search = GridSearchCV(small_cnn(epochs=1), {"unlabeled": [None, UNLABELED]}, cv=2)
    with pytest.warns(FutureWarning, match="unlabeled"):
        search.fit(X, y)
    assert len(search.cv_results_["params"]) == 2


def test_unlabeled_texts_are_routed_as_metadata(small_cnn: Make, two_classes: Corpus) -> None:
    X, y = two_classes.texts, two_classes.labels
    expected = small_cnn(epochs=1).fit(X, y, unlabeled=UNLABELED).predict_proba(["gratis"])
    by_name = make_pipeline(FunctionTransformer(), small_cnn(epochs=1))
    by_name.fit(X, y, costsensitivetextcnn__unlabeled=UNLABELED)
    np.testing.assert_array_equal(by_name.predict_proba(["gratis"]), expected)
    with config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            FunctionTransformer(), small_cnn(epochs=1).set_fit_request(unlabeled=True)
        )
        search = GridSearchCV(routed, {"costsensitivetextcnn__epochs": [1]}, cv=2)
        search.fit(X, y, unlabeled=UNLABELED)
    np.testing.assert_array_equal(search.predict_proba(["gratis"]), expected)


# --- vectors from elsewhere ---


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_are_the_same_wherever_they_come_from(
    small_cnn: Make,
    two_classes: Corpus,
    by_mapping: CostSensitiveTextCNN,
    mapping: dict[str, NDArray[np.float32]],
    vector_file: Path,
    kind: str,
) -> None:
    cnn = clone(small_cnn(word_vectors=KINDS[kind](mapping, vector_file), epochs=8))
    cnn.fit(two_classes.texts, two_classes.labels)
    expected = by_mapping.predict_proba(SOME_TEXTS)
    np.testing.assert_array_equal(cnn.predict_proba(SOME_TEXTS), expected)
    again = pickle.loads(pickle.dumps(cnn))
    np.testing.assert_array_equal(again.predict_proba(SOME_TEXTS), expected)


def test_words_with_a_vector_are_known_though_training_never_met_them(
    by_mapping: CostSensitiveTextCNN,
) -> None:
    jackpot, small, dinner, unknown = spam(by_mapping, "jackpot", "ж", "dinner", "qqqq")
    assert dinner < unknown < jackpot
    assert unknown < small


def test_cooccurrence_vectors_are_kept_by_clones_and_pickles(
    small_cnn: Make, two_classes: Corpus
) -> None:
    vectors = CooccurrenceVectors(4, min_count=1, random_state=0).fit(
        [*two_classes.texts, *UNLABELED]
    )
    unfitted = small_cnn(word_vectors=vectors)
    cnn = clone(unfitted).fit(two_classes.texts, two_classes.labels)
    again = pickle.loads(pickle.dumps(unfitted)).fit(two_classes.texts, two_classes.labels)
    assert {"gratis", "brunch"} <= set(cnn.vocabulary_)
    assert cnn.embedding_coverage_.types == 1
    np.testing.assert_array_equal(again.predict_proba(SOME_TEXTS), cnn.predict_proba(SOME_TEXTS))
    search = GridSearchCV(unfitted, {"n_filters": [2, 3]}, cv=2, error_score="raise")
    assert search.fit(two_classes.texts, two_classes.labels).best_score_ > 0.5


def test_cooccurrence_vectors_that_are_not_fitted_are_refused(
    small_cnn: Make, two_classes: Corpus
) -> None:
    with pytest.raises(TypeError, match="type CooccurrenceVectors"):
        small_cnn(word_vectors=CooccurrenceVectors()).fit(two_classes.texts, two_classes.labels)


def test_a_grid_search_chooses_between_vectors_and_none(
    small_cnn: Make, two_classes: Corpus, vector_file: Path
) -> None:
    grid = {"word_vectors": [None, str(vector_file), [vector_file]], "subwords": [True, False]}
    search = GridSearchCV(small_cnn(epochs=1), grid, cv=2, error_score="raise")
    search.fit(two_classes.texts, two_classes.labels)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_capital_words_first_met_when_predicting_have_the_vector_of_small_ones(
    small_cnn: Make, two_classes: Corpus, mapping: dict[str, NDArray[np.float32]]
) -> None:
    cnn = small_cnn(word_vectors=mapping, lowercase=False, subwords=False, epochs=8)
    cnn.fit(two_classes.texts, two_classes.labels)
    pairs = [("Jackpot", "jackpot"), ("DINNER", "dinner"), ("Ж", "ж"), ("Win", "win")]
    for capital, small in pairs:
        assert capital not in cnn.vocabulary_
        assert spam(cnn, capital) == spam(cnn, small) != spam(cnn, "Qqqq")


def test_a_capital_spelling_of_a_trained_word_is_that_word(
    with_all: CostSensitiveTextCNN,
) -> None:
    assert "Lottery" not in with_all.vocabulary_
    assert spam(with_all, "Lottery") == spam(with_all, "lottery") != spam(with_all, "Qqqq")


# --- coverage ---


def test_coverage_tells_how_much_of_the_texts_has_vectors(
    by_mapping: CostSensitiveTextCNN, two_classes: Corpus, mapping: dict[str, Any]
) -> None:
    words = [word for text in two_classes.texts for word in text.split()]
    known = [word for word in words if word in mapping]
    coverage = by_mapping.embedding_coverage_
    assert coverage.types == pytest.approx(len(set(known)) / len(set(words)))
    assert coverage.tokens == pytest.approx(len(known) / len(words))
    assert set(coverage.missing) == set(FILLERS)


def test_coverage_counts_the_texts_held_out_as_well(
    small_cnn: Make, two_classes: Corpus, by_mapping: CostSensitiveTextCNN, mapping: dict[str, Any]
) -> None:
    cnn = small_cnn(word_vectors=mapping, early_stopping=True, epochs=1)
    cnn.fit(two_classes.texts, two_classes.labels)
    assert cnn.embedding_coverage_ == by_mapping.embedding_coverage_


def test_there_is_no_coverage_without_vectors(
    small_cnn: Make, two_classes: Corpus, mapping: dict[str, Any]
) -> None:
    cnn = small_cnn(word_vectors=mapping, epochs=1)
    assert not hasattr(cnn, "embedding_coverage_")
    cnn.fit(two_classes.texts, two_classes.labels)
    assert hasattr(cnn, "embedding_coverage_")
    cnn.set_params(word_vectors=None).fit(two_classes.texts, two_classes.labels)
    assert not hasattr(cnn, "embedding_coverage_")
    with pytest.raises(AttributeError, match="only after a fit with word_vectors"):
        _ = cnn.embedding_coverage_


def test_coverage_survives_the_file_and_the_pickle(
    by_mapping: CostSensitiveTextCNN, fitted: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    by_mapping.save(tmp_path / "model")
    for again in (
        CostSensitiveTextCNN.load(tmp_path / "model"),
        pickle.loads(pickle.dumps(by_mapping)),
    ):
        assert again.embedding_coverage_ == by_mapping.embedding_coverage_
        assert type(again.embedding_coverage_) is type(by_mapping.embedding_coverage_)
    fitted.save(tmp_path / "without")
    assert not hasattr(CostSensitiveTextCNN.load(tmp_path / "without"), "embedding_coverage_")


def test_vectors_of_which_no_word_is_used_are_warned_of(
    small_cnn: Make, two_classes: Corpus
) -> None:
    cnn = small_cnn(word_vectors={"gewinn": [1.0], "bargeld": [2.0]}, epochs=1)
    with pytest.warns(UserWarning, match="None of the words.*2 words of word_vectors") as caught:
        cnn.fit(two_classes.texts, two_classes.labels)
    [warning] = [one for one in caught if "None of the words" in str(one.message)]
    assert Path(warning.filename) == Path(__file__), "points at the call of fit"
    assert all(repr(w) in str(warning.message) for w in cnn.embedding_coverage_.missing[:5])
    assert cnn.embedding_coverage_[:2] == (0, 0)


def test_one_word_in_common_is_no_reason_to_warn(small_cnn: Make, two_classes: Corpus) -> None:
    cnn = small_cnn(word_vectors={"gewinn": [1.0], "win": [2.0]}, epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        cnn.fit(two_classes.texts, two_classes.labels)


# --- length ---


def test_of_a_longer_text_beginning_and_end_are_read(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    cnn = small_cnn(max_length=(2, 1)).fit(two_classes.texts, two_classes.labels)
    cut = cnn.predict_proba(["win cash home"])
    np.testing.assert_array_equal(cnn.predict_proba(["win cash lunch later see home"]), cut)
    assert not np.allclose(cnn.predict_proba(["win cash home later"]), cut)
    cnn.save(tmp_path / "model")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model")
    assert loaded.max_length == (2, 1)
    np.testing.assert_array_equal(loaded.predict_proba(["win cash see home"]), cut)


@pytest.mark.parametrize(
    ("max_length", "n_words"), [((1, 1), {2}), ((0, 1), {1}), ([2, 0], {2}), (np.int64(2), {2})]
)
def test_training_reads_the_same_part(small_cnn: Make, max_length: Any, n_words: set[int]) -> None:
    texts, labels = ["a0 p q b0", "a1 r s b1", "a2 t u b2", "a3 v w b3"], [0, 1, 0, 1]
    cnn = small_cnn(max_length=max_length, epochs=1).fit(texts, labels)
    assert {len(set(cnn.vocabulary_) & set(text.split())) for text in texts} == n_words


@pytest.mark.parametrize(
    "wrong",
    [0, -1, 2.5, "ab", (), (1,), (1, 2, 3), (0, 0), (-1, 2), (1, -2), (1.5, 2), ("a", 1), ([1], 2)],
)
def test_another_length_is_refused(small_cnn: Make, two_classes: Corpus, wrong: Any) -> None:
    cnn = small_cnn(max_length=wrong)
    with pytest.raises(ValueError, match="max_length"):
        cnn.fit(two_classes.texts, two_classes.labels)
    assert not hasattr(cnn, "classes_")
