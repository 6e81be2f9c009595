"""The n-gram model, and the probabilities of both models together."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from skcnn import CostSensitiveTextCNN
from skcnn.files._archive import read, write
from skcnn.fitting import _ngram_model, _words
from skcnn.fitting._log_count_ratios import log_count_ratios
from skcnn.fitting._ngram_model import NgramTable, NgramTexts
from skcnn.fitting._pool import Predictions, calibrated_log_loss
from skcnn.predicting import _ngram_model as predicting_ngram_model
from skcnn.predicting._ngram_model import NgramModel
from skcnn.text import _ngrams
from skcnn.text._ngrams import fit_ngrams
from skcnn.text._tokenizer import tokenize_all
from tests.conftest import Corpus, Make


def table_of(texts: list[str], labels: Any, sample_weight: Any = None) -> NgramTable:
    positions = np.unique(labels, return_inverse=True)[1].astype(np.int32)
    ngrams = NgramTexts(np.arange(len(texts)), *fit_ngrams(tokenize_all(texts)))
    return NgramTable(ngrams, positions, positions.max() + 1, sample_weight, 0)


def network_alone(estimator: CostSensitiveTextCNN, texts: list[str]) -> NDArray[np.float64]:
    model = estimator._model
    return model.network.predict_proba(texts, model.tokenize(texts))


def ngram_model(estimator: CostSensitiveTextCNN) -> NgramModel:
    (model,) = (m for m in estimator._model.members if isinstance(m, NgramModel))
    return model


def test_probabilities_are_drawn_from_the_network_and_the_linear_model(
    small_cnn: Make, three_classes: Corpus
) -> None:
    cnn = small_cnn().fit(three_classes.texts, three_classes.labels)
    texts = [*three_classes.texts[:20], "", "never seen before", "win lunch webinar"]
    model, pool = ngram_model(cnn), cnn._model.pool
    assert pool is not None
    tokens = tokenize_all(texts)
    both = pool([network_alone(cnn, texts), model.predict_proba(texts, tokens)])
    np.testing.assert_allclose(cnn.predict_proba(texts), both, atol=1e-12)
    assert not np.allclose(both, network_alone(cnn, texts), atol=1e-3)
    np.testing.assert_allclose(model.predict_proba(texts, tokens).sum(axis=1), 1)


def test_the_network_is_the_same_with_and_without(small_cnn: Make, two_classes: Corpus) -> None:
    with_it = small_cnn().fit(two_classes.texts, two_classes.labels)
    without = small_cnn(linear_model=False).fit(two_classes.texts, two_classes.labels)
    texts = [*two_classes.texts[:9], "winner home"]
    np.testing.assert_array_equal(network_alone(with_it, texts), without.predict_proba(texts))
    assert len(without._model.members) == 1


def test_costs_have_no_part_in_the_linear_model(small_cnn: Make, noisy: Corpus) -> None:
    equal, dear = (
        small_cnn(costs).fit(noisy.texts, noisy.labels) for costs in (None, {"spam": 20})
    )
    texts = noisy.texts[:30]
    tokens = tokenize_all(texts)
    found = ngram_model(dear).predict_proba(texts, tokens)
    np.testing.assert_array_equal(found, ngram_model(equal).predict_proba(texts, tokens))


def test_without_a_part_held_out_the_network_has_a_fixed_share(
    small_cnn: Make, noisy: Corpus
) -> None:
    both = [
        small_cnn(early_stopping=held_out).fit(noisy.texts, noisy.labels)._model.pool
        for held_out in (False, True)
    ]
    assert both[0].exponents[0] == 0.3
    assert both[1].exponents[0] != 0.3
    # The n-gram model is compared with the labels in both cases.
    assert all(pool.exponents[1] not in (0.5, 0.9) for pool in both)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_of_too_few_texts_to_compare_models_both_count_the_same(
    early_stopping: bool, small_cnn: Make
) -> None:
    texts = [f"win {word}" for word in "ab"] + [f"lunch {word}" for word in "abcdefghij"]
    labels = ["spam"] * 2 + ["ham"] * 10
    cnn = small_cnn(early_stopping=early_stopping, epochs=1)
    np.testing.assert_array_equal(cnn.fit(texts, labels)._model.pool.exponents, [0.5, 0.5])
    pool = cnn.fit([*texts, "win j"], [*labels, "spam"])._model.pool
    assert not np.allclose(pool.exponents, [0.5, 0.5])


def test_what_is_held_out_is_not_learnt_from(noisy: Corpus) -> None:
    rows, others = np.arange(300), np.arange(300, 400)
    flipped = noisy.labels.copy()
    flipped[300:] = np.where(flipped[300:] == "spam", "ham", "spam")
    honest = table_of(noisy.texts, noisy.labels).fit_predict_proba(rows, others)
    np.testing.assert_array_equal(
        table_of(noisy.texts, flipped).fit_predict_proba(rows, others), honest
    )
    learnt = table_of(noisy.texts, noisy.labels).fit_predict_proba(np.arange(400), others)
    assert not np.allclose(learnt, honest, atol=1e-3)


def test_the_unit_of_weights_does_not_matter_and_their_ratio_does(noisy: Corpus) -> None:
    texts = noisy.texts[:50]
    tokens = tokenize_all(texts)
    weight = np.where(noisy.labels == "spam", 3.0, 1.0)

    def probabilities(weight: NDArray[np.float64] | None) -> NDArray[np.float64]:
        return table_of(noisy.texts, noisy.labels, weight).fit().predict_proba(texts, tokens)

    plain = probabilities(None)
    np.testing.assert_allclose(probabilities(np.full(400, 7.0)), plain, atol=1e-6)
    np.testing.assert_allclose(probabilities(1e6 * weight), probabilities(weight), atol=1e-6)
    assert (probabilities(weight)[:, 1] > plain[:, 1]).all()


def test_words_that_are_known_beforehand_change_nothing(noisy: Corpus) -> None:
    model = table_of(noisy.texts, noisy.labels).fit()
    texts = [*noisy.texts[:20], "winner unheard", "unheard", ""]
    tokens = tokenize_all(texts)
    expected = model.predict_proba(texts, tokens)
    for words in ([], ["win", "never", "lunch"], sorted({w for text in tokens for w in text})):
        np.testing.assert_array_equal(
            model.with_cached_words(words).predict_proba(texts, tokens), expected
        )


def test_what_is_known_beforehand_is_not_computed_again(noisy: Corpus) -> None:
    model = table_of(noisy.texts, noisy.labels).fit()
    tokens = tokenize_all(noisy.texts)
    words = sorted({w for text in tokens for w in text}, key=len, reverse=True)
    cached = model.with_cached_words(words)
    lost = replace(cached, character_coef=np.full_like(model.character_coef, np.nan))
    np.testing.assert_array_equal(
        lost.predict_proba(noisy.texts, tokens), model.predict_proba(noisy.texts, tokens)
    )


@pytest.mark.parametrize("name", ["noisy", "three_classes"])
def test_what_would_take_too_much_memory_is_not_kept(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = request.getfixturevalue(name)
    words = ["win", "never", "lunch"]
    cached = table_of(corpus.texts, corpus.labels).fit().with_cached_words(words)
    very_many: Any = range(10**8)  # as many words would take 1.6 GB or more
    assert cached.with_cached_words(very_many).cached_sums is None
    sums = cached.cached_sums
    assert sums is not None
    n_bytes = sums.squares.nbytes + sums.log_odds.nbytes
    monkeypatch.setattr(predicting_ngram_model, "_BYTES_OF_CACHE", n_bytes)
    assert list(cached.with_cached_words(words).cached_words) == words
    monkeypatch.setattr(predicting_ngram_model, "_BYTES_OF_CACHE", n_bytes - 1)
    without = cached.with_cached_words(words)
    assert (without.cached_words, without.cached_sums) == ({}, None)


def test_threads_do_not_disturb_each_others_solver(noisy: Corpus) -> None:
    tables = [table_of(noisy.texts * 20, np.tile(noisy.labels, 20)) for _ in range(2)]
    expected = tables[0].fit().word_coef
    with ThreadPoolExecutor(8) as pool:
        for model in pool.map(lambda i: tables[i % 2].fit(), range(24)):
            np.testing.assert_array_equal(model.word_coef, expected)


@pytest.mark.filterwarnings("ignore:Too few different texts")  # one rare text
def test_of_too_many_texts_some_of_every_class_are_learnt_from(
    small_cnn: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"common word{i % 7}" for i in range(300)]
    labels = np.where(np.arange(300) == 123, "rare", np.where(np.arange(300) % 2, "a", "b"))
    sizes: list[int] = []
    monkeypatch.setattr(_ngram_model, "_MAX_CHARACTERS", 1200)

    def counting(tokens: list[list[str]]) -> Any:
        sizes.append(len(tokens))
        return fit_ngrams(tokens)

    monkeypatch.setattr(_words, "fit_ngrams", counting)
    for early_stopping in (False, True):
        cnn = small_cnn(early_stopping=early_stopping, epochs=1)
        P = cnn.fit([*texts, "rare indeed"], [*labels, "rare"]).predict_proba(texts[:3])
        np.testing.assert_allclose(P.sum(axis=1), 1)
    assert all(105 <= size <= 112 for size in sizes)  # of 11 characters each
    texts[::40] = ["very " * 300] * 8
    small_cnn(epochs=1).fit(texts, labels)
    assert 105 <= sizes[-1] <= 112


def columns_of_scikit_learn(table: NgramTable, column: Any, weight: Any) -> Any:
    """Coefficients and intercept of one class against the rest: the mean of two models."""
    matrix, found = table._matrix.toarray().astype(np.float64), []
    ratios = log_count_ratios(table._matrix, column, weight)
    scaled = matrix * ratios
    size = np.sqrt((scaled**2).sum(axis=1).mean())
    for C, features, unit in ((4, matrix, np.ones(len(ratios))), (8, scaled / size, ratios / size)):
        # liblinear's penalty includes the intercept: a column of ones, without another intercept.
        with_one = np.hstack([features, np.ones((len(features), 1))])
        model = LogisticRegression(C=C, fit_intercept=False, tol=1e-8, max_iter=10_000)
        coef = model.fit(with_one, column, weight).coef_[0]
        found.append((coef[:-1] * unit, coef[-1]))
    return [(first + second) / 2 for first, second in zip(*found, strict=True)]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["noisy", "three_classes"])
def test_it_is_the_mean_of_a_plain_model_and_one_weighted_by_log_count_ratios(
    name: str, weighted: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = request.getfixturevalue(name)
    monkeypatch.setattr(_ngram_model, "_TOLERANCE", 1e-6)
    n, classes = len(corpus.texts), np.unique(corpus.labels)
    weight = np.random.default_rng(0).uniform(1, 3, n) if weighted else np.ones(n)
    table = table_of(corpus.texts, corpus.labels, weight if weighted else None)
    model = table.fit()
    coef = np.concatenate([model.word_coef, model.character_coef])
    for k, label in enumerate(classes[1:] if len(classes) == 2 else classes):
        expected = columns_of_scikit_learn(table, corpus.labels == label, weight / weight.mean())
        np.testing.assert_allclose(coef[:, k], expected[0], atol=2e-3)
        np.testing.assert_allclose(model.intercept[k], expected[1], atol=2e-3)
    assert coef.shape[1] == (1 if len(classes) == 2 else len(classes))


def test_the_same_table_gives_the_same_model_to_the_last_bit(three_classes: Corpus) -> None:
    first, second = (table_of(three_classes.texts, three_classes.labels).fit() for _ in range(2))
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], array)


def test_texts_that_share_nothing_leave_the_network_alone(
    small_cnn: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_ngrams, "_KEEP_ALL_BELOW", 0)  # of many texts, n-grams of one are left out
    texts = ["一", "二", "三", "四", "五", "六"]  # one character each, none twice
    cnn = small_cnn(early_stopping=False, epochs=1).fit(texts, [0, 1, 0, 1, 0, 1])
    assert len(cnn._model.members) == 1
    np.testing.assert_array_equal(cnn.predict_proba(texts), network_alone(cnn, texts))


@pytest.mark.parametrize("corpus", ["two_classes", "three_classes"])
def test_the_linear_model_survives_the_file_and_the_pickle(
    corpus: str, request: pytest.FixtureRequest, small_cnn: Make, tmp_path: Path
) -> None:
    given: Corpus = request.getfixturevalue(corpus)
    cnn = small_cnn(early_stopping=True).fit(given.texts, given.labels)
    cnn.save(tmp_path / "model.skcnn")
    texts = [*given.texts[:9], "win unheard", ""]
    for copy in (
        CostSensitiveTextCNN.load(tmp_path / "model.skcnn"),
        pickle.loads(pickle.dumps(cnn)),
    ):
        np.testing.assert_array_equal(copy.predict_proba(texts), cnn.predict_proba(texts))
    assert len(cnn._model.members) == 2


DAMAGE: dict[str, Any] = {
    "word_coef": lambda array: array[:-1],
    "log_factors": lambda array: array[:-1],
    "intercept": lambda array: array.astype(int),
    "character_idf": lambda array: array * np.nan,
    "word_keys": lambda array: array[::-1],
    "character_keys": lambda array: array[:, np.newaxis],
    "exponents": lambda array: -array,
}


@pytest.mark.parametrize("name", list(DAMAGE))
def test_arrays_of_the_linear_model_that_do_not_fit_are_refused(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path, name: str
) -> None:
    small_cnn().fit(two_classes.texts, two_classes.labels).save(tmp_path / "model.skcnn")
    _, header, arrays, _ = read(tmp_path / "model.skcnn")
    key = name if name in arrays else f"member_1.{name}"
    arrays[key] = DAMAGE[name](arrays[key])
    write(tmp_path / "model.skcnn", header, arrays)
    with pytest.raises(ValueError, match=f"do not fit together.*{name}"):
        CostSensitiveTextCNN.load(tmp_path / "model.skcnn")


def halves_of(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = np.arange(n)
    return rows[rows % 3 > 0], rows[rows % 3 == 0]


def drawn_texts(n_words: int, noise: float) -> tuple[list[str], NDArray[np.int32]]:
    """300 texts of five words; each word belongs to a class, and some labels are wrong."""
    random = np.random.default_rng(0)
    labels = np.arange(300, dtype=np.int32) % 2
    words = 2 * random.integers(n_words, size=(300, 5)) + labels[:, np.newaxis]
    is_wrong = random.random(300) < noise
    return [" ".join(f"w{word}" for word in text) for text in words], labels ^ is_wrong


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n_words", "noise", "strong"), [(20, 0.5, True), (60, 0.0, False)])
def test_c_is_chosen_by_the_calibrated_log_loss_of_rows_left_out(
    n_words: int, noise: float, strong: bool, weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_ngram_model, "_CHOOSE_FROM", 300)
    monkeypatch.setattr(_ngram_model, "_TOLERANCE", 1e-4)
    texts, labels = drawn_texts(n_words, noise)
    weight = np.random.default_rng(1).uniform(1, 3, 300) if weighted else np.ones(300)
    table = table_of(texts, labels, weight if weighted else None)
    train, test = halves_of(300)
    table.choose_inverse_penalty(train, test)
    losses = []
    for C in (4, 16, 64):
        model = LogisticRegression(C=C, solver="liblinear", intercept_scaling=1, tol=1e-8)
        model.fit(table._matrix[train], labels[train], weight[train] / weight.mean())
        left_out = Predictions(
            [model.predict_proba(table._matrix[test])], labels[test], weight[test]
        )
        losses.append(calibrated_log_loss(left_out))
    expected = 4 if losses[1] >= losses[0] else 16 if losses[2] >= losses[1] else 64
    assert table._inverse_penalty == expected
    assert (expected == 4) == strong


def test_both_halves_of_the_model_learn_with_the_chosen_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ngram_model, "_CHOOSE_FROM", 300)
    texts, labels = drawn_texts(60, 0.0)
    table = table_of(texts, labels)
    table.choose_inverse_penalty(*halves_of(300))
    assert table._inverse_penalty > 4
    monkeypatch.setattr(_ngram_model, "_INVERSE_PENALTIES", (table._inverse_penalty,))
    expected = table_of(texts, labels).fit()
    np.testing.assert_array_equal(table.fit().word_coef, expected.word_coef)


def test_c_is_chosen_on_evenly_spaced_rows_if_there_are_very_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_ngram_model, "_CHOOSE_FROM", 300)
    monkeypatch.setattr(_ngram_model, "_ROWS_TO_CHOOSE_BY", 90)
    texts, labels = drawn_texts(60, 0.0)
    chosen, expected = table_of(texts, labels), table_of(texts, labels)
    train, test = halves_of(300)
    solved: list[int] = []
    solve = NgramTable._solve

    def counting(self: NgramTable, matrix: Any, *others: Any) -> Any:
        solved.append(matrix.shape[0])
        return solve(self, matrix, *others)

    monkeypatch.setattr(NgramTable, "_solve", counting)
    chosen.choose_inverse_penalty(train, test)  # 200 rows, of which each third one is taken
    assert set(solved) == {67}
    monkeypatch.setattr(_ngram_model, "_ROWS_TO_CHOOSE_BY", 300)
    expected.choose_inverse_penalty(train[::3], test)
    assert chosen._inverse_penalty == expected._inverse_penalty


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("rare", range(4))
def test_c_is_chosen_wherever_the_few_rows_of_a_rare_class_are(
    rare: int, n_classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_ngram_model, "_CHOOSE_FROM", 300)
    monkeypatch.setattr(_ngram_model, "_ROWS_TO_CHOOSE_BY", 60)  # each fourth row
    texts, labels = drawn_texts(60, 0.0)
    labels = labels % (n_classes - 1)
    train, test = halves_of(300)
    labels[[train[4 * 7 + rare], test[7]]] = n_classes - 1
    table_of(texts, labels).choose_inverse_penalty(train, test)


def test_c_is_fixed_for_few_texts_and_for_many_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, labels = drawn_texts(60, 0.0)
    few, many = table_of(texts, labels), table_of(texts, labels)
    many._n_classes = 11
    few.choose_inverse_penalty(*halves_of(300))
    monkeypatch.setattr(_ngram_model, "_CHOOSE_FROM", 300)
    many.choose_inverse_penalty(*halves_of(300))
    assert few._inverse_penalty == many._inverse_penalty == 4


def test_a_fit_with_many_texts_chooses_c(
    small_cnn: Make, two_classes: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = small_cnn(epochs=1).fit(two_classes.texts, two_classes.labels)
    monkeypatch.setattr(NgramTable, "choose_inverse_penalty", choose_the_largest)
    chosen = small_cnn(epochs=1).fit(two_classes.texts, two_classes.labels)
    assert np.abs(ngram_model(chosen).word_coef).sum() > np.abs(ngram_model(plain).word_coef).sum()


def choose_the_largest(table: NgramTable, train: Any, test: Any) -> None:
    assert not set(train) & set(test)
    table._inverse_penalty = 64.0
