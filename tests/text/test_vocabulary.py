from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skcnn.text import PADDING, UNKNOWN, add_other_words, build_vocabulary, encode, encode_open

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


@given(token_lists, token_lists)
def test_other_words_get_ids_that_count_on_in_the_order_of_the_texts(known, tokens):
    vocabulary = build_vocabulary(known)
    before = dict(vocabulary)
    ids = add_other_words(vocabulary, tokens)
    assert vocabulary == before
    assert list(ids)[: len(before)] == list(before)
    assert list(ids.values()) == list(range(2, len(ids) + 2))
    words = [word for row in tokens for word in row]
    assert list(ids)[len(before) :] == list(dict.fromkeys(w for w in words if w not in before))


@given(token_lists, token_lists, st.integers(0, 7))
def test_words_that_training_did_not_meet_get_ids_in_the_order_they_come(known, tokens, n_own):
    vocabulary = build_vocabulary(known)
    n_seen = 2 + min(n_own, len(vocabulary))  # the later ones only have a pretrained vector
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
