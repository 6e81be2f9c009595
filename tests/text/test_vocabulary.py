from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcnn.text._pretrained import WordVectors
from skcnn.text._sequences import PADDING, UNKNOWN
from skcnn.text._vocabulary import (
    FIRST_WORD,
    add_all_words_with_vectors,
    add_text_words,
    add_text_words_with_vectors,
    build_vocabulary,
    encode,
    encode_open,
)

TOKENS = [["b", "a", "c"], [], ["b", "c", "b"], ["d"]]
token_lists = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=5), max_size=6)


def test_frequent_words_come_first_and_equals_by_the_alphabet():
    assert list(build_vocabulary(TOKENS).items()) == [("b", 2), ("c", 3), ("a", 4), ("d", 5)]


def test_rare_words_get_no_id():
    assert build_vocabulary(TOKENS, min_count=2) == {"b": 2, "c": 3}


def test_at_most_the_given_number_of_words_is_kept():
    assert build_vocabulary(TOKENS, max_vocabulary=3) == {"b": 2, "c": 3, "a": 4}
    assert build_vocabulary(TOKENS, max_vocabulary=99) == build_vocabulary(TOKENS)


def test_texts_are_read_once_so_that_a_generator_will_do():
    assert build_vocabulary(row for row in TOKENS) == build_vocabulary(TOKENS)


def test_no_words_make_an_empty_vocabulary():
    assert build_vocabulary([[], []]) == {}


@given(token_lists, st.randoms(use_true_random=False))
def test_the_order_of_the_texts_does_not_matter(tokens, rng: random.Random):
    shuffled = rng.sample(tokens, len(tokens))
    assert list(build_vocabulary(shuffled).items()) == list(build_vocabulary(tokens).items())


@given(token_lists, st.integers(1, 3))
def test_every_token_becomes_the_id_of_its_word_or_the_unknown_one(tokens, min_count):
    vocabulary = build_vocabulary(tokens, min_count=min_count)
    sequences = encode(tokens, vocabulary)
    assert sequences.ids.dtype == np.int32
    assert sequences.offsets.dtype == np.int64
    assert PADDING not in sequences.ids
    words = {number: word for word, number in vocabulary.items()}
    for i, row in enumerate(tokens):
        ids = sequences.take([i]).ids
        assert [words.get(number) for number in ids] == [
            word if word in vocabulary else None for word in row
        ]
        assert all((number == UNKNOWN) == (number not in words) for number in ids)


VECTORS = WordVectors({word: row for row, word in enumerate("gcx")}, np.ones((3, 2), np.float32))
# From a vocabulary and texts to a larger vocabulary, and the words that are meant to be added.
ADDITIONS = {
    "all words of the texts": (add_text_words, lambda words: words),
    "words of the texts with vectors": (
        lambda vocabulary, tokens: add_text_words_with_vectors(vocabulary, tokens, VECTORS),
        lambda words: [word for word in words if word.casefold() in "gcx"],
    ),
    "all words with vectors": (
        lambda vocabulary, tokens: add_all_words_with_vectors(vocabulary, VECTORS),
        lambda words: list("gcx"),
    ),
}


@pytest.mark.parametrize("case", ADDITIONS)
@given(known=token_lists, tokens=st.lists(st.lists(st.sampled_from("abcCdefg"), max_size=5)))
def test_added_words_get_the_next_ids_in_the_order_they_come(case, known, tokens):
    add, words_to_add = ADDITIONS[case]
    vocabulary = build_vocabulary(known)
    before = dict(vocabulary)
    larger = add(vocabulary, tokens)
    assert list(vocabulary.items()) == list(before.items())
    assert larger is not vocabulary
    new = [w for w in words_to_add([w for row in tokens for w in row]) if w not in before]
    assert list(larger) == [*before, *dict.fromkeys(new)]
    assert list(larger.values()) == list(range(FIRST_WORD, FIRST_WORD + len(larger)))


@given(token_lists, token_lists, st.integers(0, 7))
def test_words_that_training_did_not_see_get_ids_in_the_order_they_come(known, tokens, n_own):
    vocabulary = build_vocabulary(known)
    n_seen = FIRST_WORD + min(
        n_own, len(vocabulary)
    )  # the later ones only have a pretrained vector
    sequences, unseen = encode_open(tokens, vocabulary, n_seen)
    seen = {word: number for word, number in vocabulary.items() if number < n_seen}
    words = [word for row in tokens for word in row]
    assert unseen == list(dict.fromkeys(word for word in words if word not in seen))
    ids = seen | {word: n_seen + place for place, word in enumerate(unseen)}
    assert sequences.ids.dtype == np.int32
    assert sequences.ids.tolist() == [ids[word] for word in words]
    assert sequences.lengths.tolist() == list(map(len, tokens))


def test_no_text_and_empty_texts_are_encoded_too():
    assert len(encode([], {})) == 0
    assert encode([[], []], {}).lengths.tolist() == [0, 0]
