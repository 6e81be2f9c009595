"""Labels that cannot be told apart or sorted, wherever labels are given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from skcnn import cost_path
from skcnn.costs import average_cost, brier_curve, cost_curve, savings_score

TAKERS = {
    "y_true": lambda y: average_cost(y, ["a"] * 4),
    "y_pred": lambda y: savings_score(["a", "b", "a", "b"], y),
    "cost curve": lambda y: cost_curve(y, [0.1, 0.2, 0.3, 0.4]),
    "Brier curve": lambda y: brier_curve(y, [0.1, 0.2, 0.3, 0.4]),
    "path": lambda y: cost_path(DummyClassifier(), np.zeros((4, 1)), y, [1], cv=2),
}
every_taker = pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)


@every_taker
@pytest.mark.parametrize(
    "missing",
    [
        ["a", "b", None, "a"],
        np.array(["a", "b", np.nan, None], dtype=object),
        pd.Series(["a", "b", None, "a"]),
        pd.Series(["a", "b", None, "a"], dtype="string"),
        pd.Series(["a", "b", None, "a"], dtype="category"),
    ],
    ids=["None", "NaN", "series", "string", "category"],
)
def test_missing_labels_are_refused(take, missing):
    message = r"y(_true|_pred)? has missing labels .* in [12] of 4 rows, the first is row 2"
    with pytest.raises(ValueError, match=message):
        take(missing)


@every_taker
def test_labels_without_an_order_are_refused(take):
    mixed = np.array(["a", "b", 1, "a"], dtype=object)
    with pytest.raises(TypeError, match=r"labels of the types \['int', 'str'\], which cannot be"):
        take(mixed)


@pytest.mark.parametrize("labels", [{"a", "b"}, "a", [["a", "b"]]])
def test_labels_in_no_row_are_refused(labels):
    with pytest.raises(ValueError, match=r"labels has shape .*; expected \(K,\): one label for"):
        average_cost(["a", "b"], ["b", "a"], labels=labels)


@every_taker
@pytest.mark.parametrize("large", [2**63, 2**70, -(2**70)])
@pytest.mark.parametrize("dtype", [None, object])
def test_integers_that_numpy_cannot_hold_are_refused(take, large, dtype):
    y = [large, 5, large, 5]
    with pytest.raises(ValueError, match=r"has the label .*2\*\*63 - 1.*uint64.*strings"):
        take(y if dtype is None else np.array(y, dtype=dtype))


def test_unsigned_integers_are_labels_up_to_their_largest():
    y = np.array([2**63, 5, 2**64 - 1, 5], dtype=np.uint64)
    assert average_cost(y, y[::-1], cost_matrix={2**64 - 1: 3}) == 1.5
