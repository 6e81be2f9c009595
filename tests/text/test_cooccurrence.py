from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from skcnn.text._cooccurrence import _positive_pmi, _weighted_counts, cooccurrence_vectors
from skcnn.text._sequences import PADDING, UNKNOWN, TokenSequences

N_IDS = 40


@pytest.fixture(scope="module")
def sequences():
    rng = np.random.default_rng(0)
    ids = rng.zipf(1.4, size=4000) % (N_IDS - 1) + 1  # UNKNOWN among them
    return TokenSequences.from_lists([row.tolist() for row in np.split(ids, 500)])


def slow_counts(rows, n_ids, window):
    counts = np.zeros((n_ids, n_ids))
    for row in rows:
        for (i, a), (j, b) in combinations(enumerate(row), 2):
            if j - i <= window and a > UNKNOWN and b > UNKNOWN:
                counts[a, b] += 1 / (j - i)
                counts[b, a] += 1 / (j - i)
    return counts


@pytest.mark.parametrize("window", [1, 4, 20])
def test_pairs_are_counted_within_the_window_and_within_the_text(sequences, window):
    rows = [row.tolist() for row in np.split(sequences.ids, 500)]
    counts = _weighted_counts(sequences, N_IDS, window)
    np.testing.assert_allclose(counts.toarray(), slow_counts(rows, N_IDS, window), rtol=1e-5)


@pytest.mark.parametrize("power", [1.0, 0.75])
def test_positive_pmi_is_its_formula(sequences, power):
    counts = _weighted_counts(sequences, N_IDS, 4)
    dense = counts.toarray().astype(np.float64)
    word, context = dense.sum(axis=1) / dense.sum(), dense.sum(axis=0) ** power
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(dense / dense.sum() / np.outer(word, context / context.sum()))
    expected = np.where(dense > 0, np.maximum(pmi, 0), 0)
    np.testing.assert_allclose(_positive_pmi(counts, power).toarray(), expected, atol=1e-5)


def test_as_many_components_as_words_keep_every_product(sequences):
    information = _positive_pmi(_weighted_counts(sequences, N_IDS, 4), 0.75).toarray()
    u, s, _ = np.linalg.svd(information)
    factors = u * np.sqrt(s)
    factors /= np.sqrt(np.maximum(np.linalg.norm(factors, axis=1, keepdims=True), 1e-12))
    expected = factors @ factors.T
    vectors = cooccurrence_vectors(sequences, N_IDS, N_IDS, random_state=0)
    products = vectors.astype(np.float64) @ vectors.T
    scale = np.trace(products) / np.trace(expected)
    np.testing.assert_allclose(products, expected * scale, atol=1e-4)


def test_few_components_lose_about_as_little_as_the_best_ones(sequences):
    information = _positive_pmi(_weighted_counts(sequences, N_IDS, 4), 0.75).toarray()
    vectors = cooccurrence_vectors(sequences, N_IDS, 5, random_state=0)
    basis, _ = np.linalg.qr(vectors.astype(np.float64) * np.linalg.norm(vectors, axis=1)[:, None])
    best = np.sqrt((np.linalg.svd(information, compute_uv=False)[5:] ** 2).sum())
    lost = np.linalg.norm(information - basis @ (basis.T @ information))
    assert lost <= 1.01 * best


def test_vectors_have_the_promised_shape_and_scale(sequences):
    vectors = cooccurrence_vectors(sequences, N_IDS, 6, random_state=0)
    assert vectors.dtype == np.float32
    assert vectors.shape == (N_IDS, 6)
    assert not vectors[[PADDING, UNKNOWN]].any()
    used = vectors[vectors.any(axis=1)]
    assert np.sqrt((used**2).mean()) == pytest.approx(0.25, rel=1e-4)


def test_the_same_seed_gives_the_same_vectors(sequences):
    first = cooccurrence_vectors(sequences, N_IDS, 6, random_state=3)
    state = np.random.get_state()[1].copy()
    again = cooccurrence_vectors(sequences, N_IDS, 6, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(state, np.random.get_state()[1])


@pytest.mark.parametrize("seed", range(1, 9))
def test_another_seed_does_not_turn_the_leading_vectors_over(sequences, seed):
    first = cooccurrence_vectors(sequences, N_IDS, 3, random_state=0)
    other = cooccurrence_vectors(sequences, N_IDS, 3, random_state=seed)
    assert not np.array_equal(first, other)
    np.testing.assert_allclose(first, other, atol=0.05)


def test_fewer_ranks_than_components_do_no_harm():
    company = [[hub, word] for hub in (2, 3) for word in range(4 + 30 * (hub - 2), 30 * hub - 26)]
    texts = TokenSequences.from_lists(company)
    vectors = cooccurrence_vectors(texts, 64, 6, random_state=0)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(vectors[4:34] - vectors[4], 0, atol=1e-6)
    np.testing.assert_allclose(vectors[34:64] - vectors[34], 0, atol=1e-6)


def test_the_order_of_the_texts_hardly_matters(sequences):
    shuffled = sequences.take(np.random.default_rng(1).permutation(len(sequences)))
    a = cooccurrence_vectors(sequences, N_IDS, 6, random_state=0)
    b = cooccurrence_vectors(shuffled, N_IDS, 6, random_state=0)
    np.testing.assert_allclose(a @ a.T, b @ b.T, atol=1e-2)


def test_words_in_the_same_company_get_the_same_vector():
    texts = TokenSequences.from_lists([[2, 4, 5], [3, 4, 5], [6, 7, 8], [9, 7, 8]])
    vectors = cooccurrence_vectors(texts, 10, 4, random_state=0)
    np.testing.assert_allclose(vectors[2], vectors[3], atol=1e-5)
    assert abs(vectors[2] @ vectors[6]) < 1e-5


def test_missing_dimensions_and_lonely_words_are_zero():
    texts = TokenSequences.from_lists([[2, 3], [4], [2, 3]])
    vectors = cooccurrence_vectors(texts, 6, 50, random_state=0)
    assert np.isfinite(vectors).all()
    assert vectors[[2, 3]].any(axis=1).all()
    assert not vectors[[4, 5]].any()
    assert not vectors[:, 2:].any()


@pytest.mark.parametrize("rows", [[], [[]], [[2], [3]], [[1, 1, 1]], [[1, 2, 1]], [[2, 3]]])
@pytest.mark.parametrize("n_components", [1, 3])
def test_next_to_nothing_gives_finite_vectors(rows, n_components):
    vectors = cooccurrence_vectors(TokenSequences.from_lists(rows), 4, n_components, random_state=0)
    assert vectors.shape == (4, n_components)
    assert np.isfinite(vectors).all()
    assert vectors.any() == (rows == [[2, 3]])


def test_an_id_beyond_the_vocabulary_is_refused():
    texts = TokenSequences.from_lists([[2, 7]])
    with pytest.raises(ValueError, match="has the id 7; expected ids below n_ids=7"):
        cooccurrence_vectors(texts, 7, 2, random_state=0)
