"""Which rows models learn from, and which they predict, while the pool is fitted."""

from __future__ import annotations

import numpy as np
import pytest

from skcnn._arrays import Int64
from skcnn.fitting._splits import Splits, choose_splits, fold_numbers
from skcnn.fitting._training_set import TrainingSet, check_training_set
from tests.conftest import Corpus

NO_ROWS = np.arange(0)


def splits_of(
    data: TrainingSet,
    rows: Int64 | None = None,
    held_out: Int64 = NO_ROWS,
    seed: int = 0,
    below: int = 5000,
) -> Splits:
    everything = np.arange(len(data.texts)) if rows is None else rows
    random_state = np.random.RandomState(seed)
    return choose_splits(data, everything, held_out, random_state, cross_fit_below=below)


@pytest.fixture
def copied(noisy: Corpus) -> TrainingSet:
    """Each text three times, in another order each time."""
    random = np.random.RandomState(0)
    rows = np.concatenate([random.permutation(len(noisy.texts)) for _ in range(3)])
    return check_training_set([noisy.texts[row] for row in rows], noisy.labels[rows], None, None)


def test_each_row_is_predicted_once_by_models_that_did_not_learn_from_it(
    copied: TrainingSet,
) -> None:
    splits = splits_of(copied)
    assert len(splits.pairs) == 5
    np.testing.assert_array_equal(np.sort(splits.predicted_rows), np.arange(len(copied.texts)))
    for number, (train, test) in enumerate(splits.pairs):
        np.testing.assert_array_equal(np.union1d(train, test), np.arange(len(copied.texts)))
        assert len(train) + len(test) == len(copied.texts)
        assert (np.diff(train) > 0).all()
        np.testing.assert_array_equal(splits.folds[test], number)


def test_equal_texts_are_on_one_side(copied: TrainingSet) -> None:
    for train, test in splits_of(copied).pairs:
        assert not {copied.texts[row] for row in train} & {copied.texts[row] for row in test}


def test_each_fold_has_its_share_of_each_class(copied: TrainingSet) -> None:
    folds = splits_of(copied).folds
    for target in (0, 1):
        sizes = [
            len({copied.texts[row] for row in np.flatnonzero(folds == fold)
                 if copied.targets[row] == target})
            for fold in range(5)
        ]  # fmt: skip
        assert max(sizes) - min(sizes) <= 2  # a text that has both classes counts in one
        assert min(sizes) > 5


def test_a_text_with_two_classes_is_in_one_fold() -> None:
    texts = [f"text {i}" for i in range(20)] * 2
    targets = np.arange(40, dtype=np.int32) // 20
    # All are stratified by their first class, so the second class has no text of its own.
    assert fold_numbers(texts, targets, np.random.RandomState(0)) is None
    targets = np.append(targets, np.ones(10, np.int32))
    folds = fold_numbers([*texts, *map(str, range(10))], targets, np.random.RandomState(0))
    assert folds is not None
    np.testing.assert_array_equal(folds[:20], folds[20:40])


def test_the_seed_decides(copied: TrainingSet) -> None:
    first, again, other = (splits_of(copied, seed=seed).folds for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("n_of_class", [1, 2])
def test_of_a_class_with_few_different_texts_nothing_is_left_out(n_of_class: int) -> None:
    texts = [f"ham {i}" for i in range(50)] + [f"spam {i % n_of_class}" for i in range(50)]
    data = check_training_set(texts, [0] * 50 + [1] * 50, None, None)
    splits = splits_of(data)
    assert splits.pairs == ()
    assert not splits.folds.any()
    assert splits.predicted_rows.shape == (0,)
    enough = check_training_set([*texts, *map(str, range(10))], [0] * 50 + [1] * 60, None, None)
    assert len(splits_of(enough).pairs) == 5


def test_many_texts_are_split_once_by_the_rows_that_the_network_does_not_see(
    copied: TrainingSet,
) -> None:
    held_out = np.flatnonzero([text.startswith("the") for text in copied.texts])
    assert 0 < len(held_out) < 600
    ((train, test),) = splits_of(copied, held_out=held_out, below=len(copied.texts)).pairs
    np.testing.assert_array_equal(test, held_out)
    np.testing.assert_array_equal(train, np.setdiff1d(np.arange(len(copied.texts)), held_out))


def test_of_many_texts_a_tenth_is_left_out_if_the_network_sees_all(copied: TrainingSet) -> None:
    ((train, test),) = splits_of(copied, below=len(copied.texts)).pairs
    assert len(test) == pytest.approx(0.1 * len(copied.texts), abs=10)
    assert not {copied.texts[row] for row in train} & {copied.texts[row] for row in test}
    assert set(copied.targets[test]) == {0, 1}


@pytest.mark.parametrize("n_rows", [300, 600])
def test_only_the_rows_that_are_asked_for_are_split(n_rows: int, copied: TrainingSet) -> None:
    rows = np.sort(np.random.RandomState(0).permutation(len(copied.texts))[:n_rows])
    held_out = np.arange(0, len(copied.texts), 7)
    splits = splits_of(copied, rows, held_out, below=600)
    if n_rows == 300:
        np.testing.assert_array_equal(np.sort(splits.predicted_rows), rows)
    else:
        np.testing.assert_array_equal(splits.predicted_rows, np.intersect1d(rows, held_out))
    for train, test in splits.pairs:
        np.testing.assert_array_equal(np.union1d(train, test), rows)
    assert set(splits.folds[rows]) == set(range(5))


def test_a_copy_among_the_other_rows_is_in_the_fold_of_its_text(copied: TrainingSet) -> None:
    rows = np.arange(0, len(copied.texts), 2)
    folds = splits_of(copied, rows).folds
    fold_of = {copied.texts[row]: folds[row] for row in rows}
    others = np.setdiff1d(np.arange(len(copied.texts)), rows)
    assert any(fold_of.get(copied.texts[row]) for row in others)
    for row in others:
        assert folds[row] == fold_of.get(copied.texts[row], 0)
