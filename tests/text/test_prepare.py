from __future__ import annotations

import numpy as np

from skcnn.text._prepare import split_into_subwords
from skcnn.text._subwords import SubwordVectors, frequent_ngrams


def test_words_and_subwords_together_begin_with_the_vectors_that_were_given() -> None:
    words = ["nausea", "nauseous", "cat", "catnap", "a"]
    given = np.random.default_rng(0).normal(size=(len(words) + 2, 4)).astype(np.float32)
    keys = frequent_ngrams(words, 2)
    rest, vectors = np.split(split_into_subwords(given, words, keys), [len(given)])
    subwords = SubwordVectors(keys, vectors)
    np.testing.assert_allclose(rest[2:] + subwords.means(words), given[2:], atol=1e-6)
    np.testing.assert_array_equal(rest[:2], given[:2])
    # What they explain is not nothing: a new word of the same pieces is near the known ones.
    new, known = subwords.means(["nauseated"])[0], given[2:4].mean(axis=0)
    assert np.linalg.norm(new - known) < 0.6 * np.linalg.norm(known)
