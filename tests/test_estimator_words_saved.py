"""What becomes of words and their vectors when an estimator is saved and loaded."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from skcnn import CostSensitiveTextCNN
from skcnn.predicting._text_cnn import FittedTextCNN
from tests.conftest import (
    KINDS,
    SOME_TEXTS,
    Corpus,
    Make,
    spam,
)


@pytest.fixture(scope="session")
def small_cnn(small_cnn: Make) -> Make:
    """The network alone: the linear model knows nothing of vectors and unseen words."""
    return partial(small_cnn, linear_model=False)


@pytest.fixture(scope="module")
def with_many(
    small_cnn: Make, two_classes: Corpus, mapping: dict[str, NDArray[np.float32]]
) -> CostSensitiveTextCNN:
    others = {f"other{i}": np.full(4, i / 1000, np.float32) for i in range(3000)}
    cnn = small_cnn(word_vectors=mapping | others, subwords=False)
    return cnn.fit(two_classes.texts, two_classes.labels, unlabeled=["gratis lottery"])


def test_a_mapping_survives_the_file(
    with_many: CostSensitiveTextCNN, two_classes: Corpus, tmp_path: Path
) -> None:
    with_many.save(tmp_path / "model")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model")
    assert list(loaded.word_vectors) == list(with_many.word_vectors)
    for word, row in with_many.word_vectors.items():
        np.testing.assert_array_equal(loaded.word_vectors[word], row)
    assert loaded.vocabulary_ == with_many.vocabulary_
    expected = with_many.predict_proba(SOME_TEXTS)
    np.testing.assert_array_equal(loaded.predict_proba(SOME_TEXTS), expected)
    loaded.fit(two_classes.texts, two_classes.labels, unlabeled=["gratis lottery"])
    np.testing.assert_array_equal(loaded.predict_proba(SOME_TEXTS), expected)


def test_a_list_of_mappings_survives_the_file(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    some = [{"win": np.ones(2)}, {"cash": [1.0], "zzz": [2.0]}]
    cnn = small_cnn(word_vectors=some, epochs=1).fit(two_classes.texts, two_classes.labels)
    cnn.save(tmp_path / "model")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model")
    assert [list(one) for one in loaded.word_vectors] == [["win"], ["cash", "zzz"]]
    assert spam(loaded, "win zzz qqqq") == spam(cnn, "win zzz qqqq")
    expected = clone(cnn).fit(two_classes.texts, two_classes.labels)
    again = clone(loaded).fit(two_classes.texts, two_classes.labels)
    assert spam(again, "win zzz qqqq") == spam(expected, "win zzz qqqq")


def test_a_mapping_from_words_to_lists_survives_the_file(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    cnn = small_cnn(word_vectors={"win": [1, 2], "ÉTÉ": (3.5, 4)}, epochs=1)
    cnn.fit(two_classes.texts, two_classes.labels).save(tmp_path / "model")
    vectors = CostSensitiveTextCNN.load(tmp_path / "model").word_vectors
    assert {word: list(row) for word, row in vectors.items()} == {"win": [1, 2], "ÉTÉ": [3.5, 4]}


def test_a_file_without_word_vectors_is_smaller_and_knows_the_trained_words(
    with_many: CostSensitiveTextCNN, two_classes: Corpus, tmp_path: Path
) -> None:
    with_many.save(tmp_path / "large")
    with_many.save(tmp_path / "small", word_vectors=False)
    assert (tmp_path / "small").stat().st_size < (tmp_path / "large").stat().st_size / 3
    loaded = CostSensitiveTextCNN.load(tmp_path / "small")
    assert loaded.word_vectors is None
    network = with_many._model.network
    assert isinstance(network, FittedTextCNN)
    assert list(loaded.vocabulary_.items()) == [
        (word, i) for word, i in with_many.vocabulary_.items() if i < network.weights.n_seen
    ]
    assert "jackpot" not in loaded.vocabulary_
    np.testing.assert_array_equal(
        loaded.predict_proba(two_classes.texts), with_many.predict_proba(two_classes.texts)
    )
    assert spam(loaded, "jackpot") == spam(loaded, "qqqq") != spam(with_many, "jackpot")
    assert loaded.embedding_coverage_ == with_many.embedding_coverage_
    assert loaded.model_(np.array([[2, 3]])).shape == (1, 2)
    loaded.save(tmp_path / "again")
    again = CostSensitiveTextCNN.load(tmp_path / "again")
    np.testing.assert_array_equal(again.predict_proba(SOME_TEXTS), loaded.predict_proba(SOME_TEXTS))
    assert with_many.word_vectors is not None


def test_subwords_survive_the_file_with_and_without_word_vectors(
    with_all: CostSensitiveTextCNN, by_stem: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    texts = ["the lotterization", "lottterer", "Lottering meetinj", "jackpot Gratis", *SOME_TEXTS]
    for number, cnn in enumerate((with_all, by_stem)):
        cnn.save(tmp_path / f"{number}")
        loaded = CostSensitiveTextCNN.load(tmp_path / f"{number}")
        np.testing.assert_array_equal(loaded.predict_proba(texts), cnn.predict_proba(texts))
    with_all.save(tmp_path / "small", word_vectors=False)
    loaded = CostSensitiveTextCNN.load(tmp_path / "small")
    assert spam(loaded, "lottering") != spam(loaded, "qqqq"), "known by its subwords"
    assert spam(loaded, "jackpot") == spam(loaded, "qqqq")


def test_unlabeled_texts_are_not_written(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    cnn, unlabeled = small_cnn(epochs=1), ["my secret is gratis"]
    cnn.fit(two_classes.texts, two_classes.labels, unlabeled=unlabeled)
    cnn.save(tmp_path / "model")
    assert b"my secret is" not in (tmp_path / "model").read_bytes()
    loaded = CostSensitiveTextCNN.load(tmp_path / "model")
    np.testing.assert_array_equal(spam(loaded, "gratis"), spam(cnn, "gratis"))


def test_a_path_is_saved_as_its_name(
    small_cnn: Make, two_classes: Corpus, vector_file: Path, tmp_path: Path
) -> None:
    cnn = small_cnn(word_vectors=[vector_file, str(vector_file)], epochs=1)
    cnn.fit(two_classes.texts, two_classes.labels).save(tmp_path / "model")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model")
    assert loaded.word_vectors == [str(vector_file)] * 2
    np.testing.assert_array_equal(loaded.predict_proba(SOME_TEXTS), cnn.predict_proba(SOME_TEXTS))


@pytest.mark.parametrize("kind", ["object", "list of parts"])
def test_an_object_is_saved_only_without_word_vectors(
    small_cnn: Make,
    two_classes: Corpus,
    mapping: dict[str, NDArray[np.float32]],
    tmp_path: Path,
    kind: str,
) -> None:
    cnn = small_cnn(word_vectors=KINDS[kind](mapping, tmp_path), epochs=1)
    cnn.fit(two_classes.texts, two_classes.labels)
    with pytest.raises(TypeError, match=r"type KeyedVectors.*Save with word_vectors=False"):
        cnn.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()
    cnn.save(tmp_path / "model", word_vectors=False)
    loaded = CostSensitiveTextCNN.load(tmp_path / "model")
    assert spam(loaded, "win cash") == spam(cnn, "win cash")
