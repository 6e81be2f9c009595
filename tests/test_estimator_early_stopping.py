"""Which texts are held out, what is watched, and which weights are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import make_scorer, recall_score

from skcnn.fitting._held_out import stratified_split

texts_and_labels = st.lists(
    st.tuples(st.sampled_from("abcdefghijklmnop"), st.integers(0, 2)), min_size=2, max_size=60
)


@given(rows=texts_and_labels, fraction=st.floats(0.05, 0.6), seed=st.integers(0, 99))
def test_equal_texts_lie_on_one_side_and_every_row_on_one(
    rows: list[tuple[str, int]], fraction: float, seed: int
) -> None:
    texts, numbers = zip(*rows, strict=True)
    labels = np.unique(numbers, return_inverse=True)[1]
    split = stratified_split(
        texts, labels, held_out_fraction=fraction, random_state=np.random.RandomState(seed)
    )
    first = {text: label for text, label in reversed(list(zip(texts, labels, strict=True)))}
    counts = np.bincount(list(first.values()), minlength=labels.max() + 1)
    if split is None:
        assert counts.min() < 2
        return
    train, held_out = split
    assert sorted([*train, *held_out]) == list(range(len(texts)))
    assert not {texts[row] for row in train} & {texts[row] for row in held_out}
    for rows_of_side in split:
        assert {first[texts[row]] for row in rows_of_side} == set(labels)


def test_the_held_out_part_is_stratified_seeded_and_of_the_size_asked_for() -> None:
    texts = [f"text {number}" for number in range(400)]
    labels = (np.arange(400) % 4 == 0).astype(int)

    def held_out(seed: int) -> Any:
        random_state = np.random.RandomState(seed)
        split = stratified_split(texts, labels, held_out_fraction=0.2, random_state=random_state)
        assert split is not None
        return split[1]

    assert len(held_out(0)) == 80
    assert labels[held_out(0)].sum() == 20
    np.testing.assert_array_equal(held_out(0), held_out(0))
    assert not np.array_equal(held_out(0), held_out(1))


recall_of_spam = make_scorer(recall_score, pos_label="spam")


@pytest.mark.parametrize("scoring", ["loss", "average_cost", "roc_auc", recall_of_spam], ids=str)
def test_the_best_epochs_weights_are_kept_and_the_record_says_which(
    scoring: Any, small_cnn: Any, noisy: Any, new_texts: list[str]
) -> None:
    parameters = {
        "early_stopping": True,
        "validation_fraction": 0.2,
        "validation_scoring": scoring,
        "n_iter_no_change": 3,
        "learning_rate": 0.03,
    }
    cnn = small_cnn({"spam": 3}, epochs=30, **parameters).fit(noisy.texts, noisy.labels)
    watched = cnn.history_["val_loss"]
    if scoring != "loss":
        watched = [-score for score in cnn.history_["val_score"]]
    assert {len(values) for values in cnn.history_.values()} == {cnn.n_iter_}
    # Keras compares in float32: of scores that differ by less, the first is the best.
    assert cnn.best_iter_ == np.argmin(np.float32(watched)) + 1
    assert cnn.n_iter_ == cnn.best_iter_ + 3 < 30
    # Cut off at its best epoch, the same training ends where this one was taken back to.
    cut = small_cnn({"spam": 3}, epochs=cnn.best_iter_, **parameters)
    cut.fit(noisy.texts, noisy.labels)
    np.testing.assert_array_equal(cut.predict_proba(new_texts), cnn.predict_proba(new_texts))


def test_recall_by_name_serves_integer_labels(small_cnn: Any, noisy: Any) -> None:
    cnn = small_cnn({1: 3}, early_stopping=True, validation_scoring="recall")
    cnn.fit(noisy.texts, (noisy.labels == "spam").astype(int))
    assert set(cnn.history_) == {"loss", "val_loss", "val_score"}
    assert all(0 <= score <= 1 for score in cnn.history_["val_score"])


@pytest.mark.parametrize("loss", ["expected_cost", "cross_entropy"])
def test_what_is_watched_are_the_probabilities_and_decisions_that_will_be_given(
    loss: str, small_cnn: Any, noisy: Any
) -> None:
    seen: list[Any] = []

    def spy(classifier: Any, X: Any, y: Any) -> float:
        seen.append((classifier.predict_proba(X), classifier.predict(X), y))
        return 0.0

    common = {"early_stopping": True, "epochs": 1, "linear_model": False, "loss": loss}
    cnn = small_cnn({"spam": 6}, validation_scoring=spy, **common).fit(noisy.texts, noisy.labels)
    ((probabilities, answers, truth),) = seen
    split = stratified_split(
        noisy.texts,
        (noisy.labels == "spam").astype(int),
        held_out_fraction=0.1,
        random_state=np.random.RandomState(0),
    )
    assert split is not None
    held_out = [noisy.texts[row] for row in split[1]]
    np.testing.assert_array_equal(truth, noisy.labels[split[1]])
    np.testing.assert_allclose(probabilities, cnn.predict_proba(held_out), atol=1e-5)
    np.testing.assert_array_equal(answers, cnn.predict(held_out))
    paid = np.where(answers == truth, 0, np.where(truth == "spam", 6, 1))
    cnn = small_cnn({"spam": 6}, validation_scoring="average_cost", **common)
    cnn.fit(noisy.texts, noisy.labels)
    assert cnn.history_["val_score"] == [pytest.approx(-paid.mean())]


def test_weights_reach_the_validation_score(small_cnn: Any, noisy: Any) -> None:
    scores = [
        small_cnn(early_stopping=True, validation_scoring="average_cost", class_weight=weight)
        .fit(noisy.texts, noisy.labels)
        .history_["val_score"][0]
        for weight in (None, {"ham": 1, "spam": 20})
    ]
    assert scores[0] != scores[1]


def test_without_early_stopping_the_last_epoch_counts(small_cnn: Any, noisy: Any) -> None:
    cnn = small_cnn(epochs=3).fit(noisy.texts, noisy.labels)
    assert cnn.n_iter_ == cnn.best_iter_ == 3
    assert set(cnn.history_) == {"loss"}


def test_a_corpus_too_small_to_hold_out_from_warns_and_trains(small_cnn: Any) -> None:
    texts, labels = ["win cash", "see you", "see you later"], ["spam", "ham", "ham"]
    with pytest.warns(UserWarning, match="Too few different texts") as warnings:
        cnn = small_cnn(early_stopping=True).fit(texts, labels)
    complaints = [warning for warning in warnings if warning.category is UserWarning]
    assert [complaint.filename for complaint in complaints] == [__file__]
    assert cnn.n_iter_ == cnn.best_iter_ == 4
    assert cnn.predict(texts).shape == (3,)


def test_words_of_the_held_out_texts_are_not_learnt_from(small_cnn: Any) -> None:
    texts = [f"shared{number % 2} own{number}" for number in range(40)]
    cnn = small_cnn(early_stopping=True, validation_fraction=0.25).fit(texts, [0, 1] * 20)
    assert sum(word.startswith("own") for word in cnn.vocabulary_) == 30
