from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcnn.cli._fitting import FitMessages
from skcnn.cli._measure import train_and_test_rows


@given(st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), st.sampled_from("xy"))))
def test_every_label_is_on_both_sides_and_equal_texts_are_on_one(
    rows: list[tuple[str, str]],
) -> None:
    rows = [*rows, ("q", "x"), ("r", "y")]
    texts, labels = zip(*rows, strict=True)
    split = train_and_test_rows(texts, labels, 0)
    if split is None:
        return
    train, test = split
    assert sorted([*train, *test]) == list(range(len(rows)))
    assert {texts[row] for row in train}.isdisjoint(texts[row] for row in test)
    for part in split:
        assert {labels[row] for row in part} == set(labels)


def test_a_fifth_of_different_texts_is_held_out_in_a_time_that_grows_with_the_rows() -> None:
    n = 100_000  # StratifiedGroupKFold needs half a minute
    texts = [f"text {i}" for i in range(n)]
    labels = np.where(np.arange(n) % 10 == 0, "spam", "ham").tolist()
    split = train_and_test_rows(texts, labels, 0)
    assert split is not None
    assert len(split[1]) == n / 5
    assert sum(labels[row] == "spam" for row in split[1]) == n / 50
    again = train_and_test_rows(texts, labels, 0)
    assert again is not None
    assert np.array_equal(split[1], again[1])


@pytest.mark.parametrize("n", [1, 4])
def test_a_label_with_fewer_than_five_rows_cannot_be_held_out(n: int) -> None:
    labels = ["spam"] * n + ["ham"] * 10
    assert train_and_test_rows([str(i) for i in range(len(labels))], labels, 0) is None


def test_the_lines_of_a_fit_are_shown_and_after_an_epoch_the_longest_time_left() -> None:
    shown: list[str] = []
    clock = count(0, 3)
    messages = FitMessages("Training", shown.append, lambda: float(next(clock)))
    messages.write("[    0.1 s] Tokens: 40 texts\n[    0.2 s] Epoch 1/5: loss 0.5000\n")
    messages.write("[   12.2 s] Epoch 2/5: loss 0.2500, val_loss 0.3000\n\n")
    messages.write("[   13.2 s] Epoch 5/5: loss 0.1000\n")
    assert shown == [
        "Training: Tokens: 40 texts",
        "Training: Epoch 1/5: loss 0.5000",
        "Training: Epoch 2/5: loss 0.2500, val_loss 0.3000, at most 9 s left for the network",
        "Training: Epoch 5/5: loss 0.1000",
    ]
