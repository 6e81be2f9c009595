from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skcnn import CooccurrenceVectors
from skcnn.text._cooccurrence import cooccurrence_vectors, cooccurrence_word_vectors
from skcnn.text._pretrained import resolve_word_vectors
from skcnn.text._sequences import TokenSequences
from skcnn.text._tokenizer import tokenize_all
from skcnn.text._vocabulary import FIRST_WORD, build_vocabulary, encode

TEXTS = [
    "Red wine, white wine!",
    "a red car and a white car",
    "the car is red",
    "no wine in the car",
    "",
    "rare-words only once",
]


def test_the_vectors_are_those_of_the_tokens():
    learned = CooccurrenceVectors(3, window=2, power=0.5, min_count=1, random_state=7).fit(TEXTS)
    tokens = tokenize_all(TEXTS)
    vocabulary = build_vocabulary(tokens)
    sequences = encode(tokens, vocabulary)
    assert isinstance(sequences, TokenSequences)
    expected = cooccurrence_vectors(
        sequences, len(vocabulary) + FIRST_WORD, 3, window=2, power=0.5, random_state=7
    )
    assert learned.words_ == list(vocabulary)
    assert learned.vectors_.dtype == np.float32
    np.testing.assert_array_equal(learned.vectors_, expected[FIRST_WORD:])


@pytest.mark.parametrize("parameter", [{"window": 1}, {"power": 1.0}, {"n_components": 2}])
def test_every_parameter_has_an_effect(parameter):
    usual = CooccurrenceVectors(4, random_state=0).fit(TEXTS)
    other = CooccurrenceVectors(**{"n_components": 4, "random_state": 0, **parameter}).fit(TEXTS)
    assert not np.array_equal(usual.vectors_, other.vectors_)


@pytest.mark.parametrize("min_count", [1, 2, 3, 4])
def test_rarer_words_get_no_vector(min_count):
    learned = CooccurrenceVectors(2, min_count=min_count, random_state=0).fit(TEXTS)
    counts = pd.Series([word for row in tokenize_all(TEXTS) for word in row]).value_counts()
    assert set(learned.words_) == set(counts.index[counts >= min_count])
    assert learned.vectors_.shape == (len(learned.words_), 2)
    assert counts[learned.words_].is_monotonic_decreasing


def test_words_are_spelled_as_the_tokenizer_and_the_case_say():
    assert "red" in CooccurrenceVectors(2, min_count=1).fit(TEXTS).words_
    kept = CooccurrenceVectors(2, min_count=1, lowercase=False).fit(TEXTS).words_
    assert {"red", "Red"} <= set(kept)
    own = CooccurrenceVectors(2, min_count=1, tokenizer=str.split).fit(TEXTS).words_
    assert {"wine,", "wine!", "rare-words"} <= set(own)


@pytest.mark.parametrize(
    "container", [tuple, np.array, pd.Series, lambda texts: pd.DataFrame({"text": texts})]
)
def test_every_container_of_texts_will_do(container):
    expected = CooccurrenceVectors(2, random_state=0).fit(TEXTS).vectors_
    found = CooccurrenceVectors(2, random_state=0).fit(container(TEXTS)).vectors_
    np.testing.assert_array_equal(found, expected)


def test_the_same_seed_gives_the_same_vectors_and_leaves_the_global_state():
    before = np.random.get_state()[1].copy()
    first, again, other = (
        CooccurrenceVectors(2, random_state=seed).fit(TEXTS).vectors_
        for seed in (3, np.random.RandomState(3), None)
    )
    np.testing.assert_array_equal(first, again)
    assert other.shape == first.shape
    np.testing.assert_array_equal(before, np.random.get_state()[1])


def test_fitting_again_starts_anew():
    learned = CooccurrenceVectors(2, random_state=0).fit(["one two one two"])
    assert learned.fit(TEXTS).words_ == CooccurrenceVectors(2, random_state=0).fit(TEXTS).words_


@pytest.mark.parametrize(
    ("parameters", "texts", "error", "message"),
    [
        ({"n_components": 0}, TEXTS, ValueError, r"'n_components' .* range \[1, inf\). Got 0"),
        ({"window": 0}, TEXTS, ValueError, r"'window' .* range \[1, inf\). Got 0"),
        ({"min_count": 0}, TEXTS, ValueError, r"'min_count' .* range \[1, inf\). Got 0"),
        ({"power": -1.0}, TEXTS, ValueError, r"'power' .* range \[0.0, inf\). Got -1.0"),
        ({"power": np.nan}, TEXTS, ValueError, r"'power' .* range \[0.0, inf\). Got nan"),
        ({"n_components": "7"}, TEXTS, ValueError, "'n_components' parameter .* Got '7'"),
        ({"window": 2.5}, TEXTS, ValueError, "'window' parameter .* Got 2.5"),
        ({"power": "x"}, TEXTS, ValueError, "'power' parameter .* Got 'x'"),
        ({"min_count": None}, TEXTS, ValueError, "'min_count' parameter .* Got None"),
        ({"min_count": 99}, TEXTS, ValueError, "No word of the 6 texts .*min_count=99.*lower"),
        ({}, [""], ValueError, "No word of the 1 texts"),
        ({}, [], ValueError, r"0 sample\(s\)"),
        ({}, "one string", TypeError, "one bare string"),
        ({}, ["a", 5], TypeError, "type int in row 1"),
        ({"tokenizer": len}, TEXTS, TypeError, "type int for the text in row 0"),
    ],
)
def test_wrong_parameters_and_texts_without_frequent_words_are_refused(
    parameters, texts, error, message
):
    vectors = CooccurrenceVectors(**parameters)
    with pytest.raises(error, match=message):
        vectors.fit(texts)
    assert not hasattr(vectors, "vectors_")


def test_texts_without_neighbors_have_vectors_of_zeros():
    learned = CooccurrenceVectors(3, min_count=1, random_state=0).fit(["one", "two"])
    assert learned.words_ == ["one", "two"]
    assert not learned.vectors_.any()


def test_parameters_are_read_set_and_shown_as_in_scikit_learn():
    vectors = CooccurrenceVectors(7, min_count=3)
    assert repr(vectors) == "CooccurrenceVectors(min_count=3, n_components=7)"
    assert vectors.get_params()["window"] == 4
    assert vectors.set_params(window=2).window == 2


def test_a_clone_has_the_same_parameters_and_keeps_the_vectors():
    unfitted = CooccurrenceVectors(2, min_count=1, random_state=5)
    copy = clone(unfitted)
    assert copy is not unfitted
    assert copy.get_params() == unfitted.get_params()
    assert not hasattr(copy, "vectors_")
    fitted = unfitted.fit(TEXTS)
    again = clone(fitted)
    assert again is not fitted
    assert again.get_params() == fitted.get_params()
    assert again.words_ == fitted.words_
    np.testing.assert_array_equal(again.vectors_, fitted.vectors_)
    again.fit(["one two one two"])
    assert "wine" in fitted.words_


def test_pickling_keeps_the_vectors():
    learned = CooccurrenceVectors(2, random_state=0).fit(TEXTS)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(learned)).vectors_, learned.vectors_)


def test_the_fitted_object_stands_for_word_vectors():
    learned = CooccurrenceVectors(2, random_state=0).fit(TEXTS)
    rows, found = resolve_word_vectors(learned).rows(learned.words_)
    assert found.all()
    np.testing.assert_array_equal(rows, learned.vectors_)
    with pytest.raises(TypeError, match="type CooccurrenceVectors"):
        resolve_word_vectors(CooccurrenceVectors(2))


def test_no_tokens_at_all_have_no_vectors():
    learned = cooccurrence_word_vectors([[], []], 3, random_state=np.random.RandomState(0))
    assert len(learned) == 0
    assert learned.vectors.shape == (0, 3)
