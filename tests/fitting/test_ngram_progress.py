from __future__ import annotations

import numpy as np
import pytest

from skcnn.fitting._ngram_progress import NgramProgress
from skcnn.text._ngrams import fit_ngrams

TOKENS = [["win", "cash"], ["see", "you"], ["cash", "prize", "cash"], ["home", "you"], []]
TARGETS = np.array([1, 0, 1, 0, 0], np.int32)
WEIGHT = np.array([1.0, 2.0, 1.0, 0.5, 1.0])


def learned(*parts: slice, n_classes: int = 2) -> NgramProgress:
    progress = NgramProgress.empty(n_classes)
    for part in parts:
        progress = progress.learn(TOKENS[part], TARGETS[part], WEIGHT[part])
    return progress


def test_counts_do_not_depend_on_the_parts() -> None:
    whole, parts = learned(slice(5)), learned(slice(2), slice(2, 3), slice(3, 5))
    for name in ("word_keys", "character_keys", "n_texts", "n_texts_with", "weight"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
    for name in ("weight_with", "class_weight", "class_weight_with"):
        np.testing.assert_allclose(getattr(whole, name), getattr(parts, name))


def test_ngrams_and_their_frequencies_are_those_of_fit() -> None:
    features, found = fit_ngrams(TOKENS)[0], learned(slice(2), slice(2, 5)).features
    for name in ("word_keys", "word_idf", "character_keys", "character_idf"):
        np.testing.assert_allclose(getattr(features, name), getattr(found, name), rtol=1e-6)


def test_a_state_is_not_changed_by_the_next_part() -> None:
    before = learned(slice(3))
    content = {name: np.copy(getattr(before, name)) for name in before.__slots__}
    before.learn(TOKENS[3:], TARGETS[3:], WEIGHT[3:])
    for name, value in content.items():
        np.testing.assert_array_equal(getattr(before, name), value)


def test_later_parts_teach_new_ngrams_and_keep_the_old_ones() -> None:
    first, both = learned(slice(2)), learned(slice(2), slice(2, 5))
    texts = [["win"], ["see"], ["prize"], ["home"]]
    before = first.model().predict_proba([], texts)[:, 1]
    after = both.model().predict_proba([], texts)[:, 1]
    assert before[0] > before[1]
    assert after[0] > after[1]
    assert after[2] - after[3] > before[2] - before[3] + 0.1


@pytest.mark.parametrize("n_classes", [2, 3])
def test_texts_without_words_are_learned_from_too(n_classes: int) -> None:
    progress = NgramProgress.empty(n_classes).learn([[], []], TARGETS[:2], WEIGHT[:2])
    P = progress.model().predict_proba([], [["win"], []])
    assert P.shape == (2, n_classes)
    np.testing.assert_allclose(P.sum(axis=1), 1)
