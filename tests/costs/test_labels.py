"""Labels that cannot be told apart or sorted, or that NumPy would change, wherever given."""

from __future__ import annotations

from enum import Enum, StrEnum

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier

from skcnn import cost_path
from skcnn.costs import (
    average_cost,
    brier_curve,
    cost_curve,
    decide,
    expected_costs,
    savings_score,
)
from skcnn.costs._labels import label_array, plain_labels

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


class Short(str, Enum):  # noqa: UP042 - a StrEnum is not what NumPy changes
    """The values are shorter than the names, so that NumPy would cut both names to 'S'."""

    FINE = "f"
    RARE = "r"


class Plain(StrEnum):
    FINE = "f"
    RARE = "r"


FORMS = {
    "list of members": lambda y: [Short(label) for label in y],
    "tuple of members": lambda y: tuple(map(Short, y)),
    "list of StrEnum": lambda y: [Plain(label) for label in y],
    "objects": lambda y: np.array([Short(label) for label in y], dtype=object),
    "column of objects": lambda y: np.array([[Short(label)] for label in y], dtype=object),
    "series": lambda y: pd.Series([Short(label) for label in y], dtype=object),
    "category": lambda y: pd.Series([Short(label) for label in y], dtype="category"),
    "variable width": lambda y: np.array(y, dtype=np.dtypes.StringDType()),
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
Y, Y_PRED, P = ["f", "r", "f", "r", "f"], ["r", "r", "f", "f", "f"], [0.6, 0.9, 0.2, 0.4, 0.1]


@every_form
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_strings_in_disguise_are_the_strings_that_they_equal(form):
    for metric in (average_cost, savings_score):
        for costs in ({"r": 5}, {Short.RARE: 5}, {(Short.RARE, Short.FINE): 5}):
            found = metric(form(Y), form(Y_PRED), cost_matrix=costs)
            assert found == metric(Y, Y_PRED, cost_matrix={"r": 5})
    for curve in (cost_curve, brier_curve):
        for pos_label in ("f", Short.FINE):
            np.testing.assert_array_equal(
                curve(form(Y), P, pos_label=pos_label), curve(Y, P, pos_label="f")
            )
    paths = [
        cost_path(DummyClassifier(strategy="prior"), np.zeros((20, 1)), y, [1, 9], cv=2)
        for y in (form(Y * 4), Y * 4)
    ]
    np.testing.assert_array_equal(paths[0].recall, paths[1].recall)
    np.testing.assert_array_equal(paths[0].cost, paths[1].cost)
    assert label_array(form(Y)).ravel().tolist() == Y
    assert {type(label) for label in label_array(form(Y)).ravel().tolist()} == {str}


@pytest.mark.parametrize("labels", [["f", "r"], [Short.FINE, Short.RARE], list(Plain)])
def test_decisions_have_the_strings_of_an_enumeration(labels):
    table = [[0.7, 0.3]]
    for key in ("r", Short.RARE, Plain.RARE):
        assert decide(table, {key: 5}, labels).tolist() == ["r"]
    costs = pd.DataFrame([[0, 5], [1, 0]], index=labels[::-1], columns=labels[::-1])
    assert decide(table, costs, labels).tolist() == ["r"]
    of_rows = pd.DataFrame([[5, 1]], columns=labels[::-1])
    assert decide(table, None, labels, sample_costs=of_rows).tolist() == ["r"]
    unsure = Enum("Other", {"UNSURE": "unsure"}, type=str).UNSURE
    answer = decide(table, {"r": 2}, labels, abstain_cost=0.1, abstain_label=unsure)
    assert answer.tolist() == ["unsure"]
    cost = average_cost(["f"], answer, labels=labels, abstain_cost=0.1, abstain_label=unsure)
    assert cost == 0.1


@pytest.mark.parametrize(
    ("labels", "kind"),
    [([0, 1, 2], "i"), ([np.int8(0), 1], "i"), ([True, False], "b"), ([0.5, 1.0], "O")],
)
def test_objects_that_are_all_integers_or_booleans_become_such_an_array(labels, kind):
    for values in (np.array(labels, dtype=object), pd.Series(labels, dtype=object)):
        array = label_array(values)
        assert array.dtype.kind == kind
        assert array.tolist() == labels


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b"],
        [0, 1],
        np.array(["a", "b"]),
        np.array(["a", "b"], dtype=object),
        np.array([True, 1, 0], dtype=object),
        np.array(["a", None], dtype=object),
        np.array([], dtype=object),
        pd.Series(["a", "b"]),
        pd.Series(["a", "b"], dtype="category"),
    ],
    ids=repr,
)
def test_other_labels_stay_the_object_that_was_given(labels):
    assert plain_labels(labels) is labels


def test_missing_strings_of_variable_width_are_refused():
    labels = np.array(["a", None, "b"], dtype=np.dtypes.StringDType(na_object=None))
    with pytest.raises(ValueError, match=r"missing labels .* in 1 of 3 rows, the first is row 1"):
        average_cost(labels, ["a", "b", "b"])


TABLE = [[0.1, 0.9], [0.7, 0.3]]
NAMED = {
    "in order": pd.DataFrame(TABLE, columns=["ham", "spam"]),
    "in another order": pd.DataFrame(np.fliplr(TABLE), columns=["spam", "ham"]),
    "polars": pl.DataFrame(np.fliplr(TABLE), schema=["spam", "ham"]),
    "without names": pd.DataFrame(TABLE),
    "polars without names": pl.DataFrame(np.array(TABLE)),
}


@pytest.mark.parametrize("table", NAMED.values(), ids=NAMED)
def test_columns_of_probabilities_are_matched_by_their_names(table):
    costs, labels = {"spam": 5}, ["ham", "spam"]
    assert decide(table, None, labels).tolist() == ["spam", "ham"]
    np.testing.assert_allclose(expected_costs(table, costs, labels), [[4.5, 0.1], [1.5, 0.7]])
    of_rows = pd.DataFrame({"spam": [1, 9], "ham": [1, 1]})
    assert decide(table, None, labels, sample_costs=of_rows).tolist() == ["spam", "spam"]


def test_names_of_columns_are_the_labels_where_none_are_given():
    table = pd.DataFrame(np.fliplr(TABLE), columns=["spam", "ham"])
    assert decide(table).tolist() == ["spam", "ham"]
    assert decide(table, {"spam": 5}).tolist() == ["spam", "spam"]
    assert expected_costs(table, [[0, 5], [1, 0]]).tolist() == [[0.1, 4.5], [0.7, 1.5]]
    assert decide(pd.DataFrame(TABLE)).tolist() == [1, 0]


@pytest.mark.parametrize("columns", [["p", "q"], ["spam", "spam"], [1, 0], ["0", "1"]])
@pytest.mark.parametrize("function", [decide, expected_costs])
def test_columns_with_other_names_than_the_labels_are_refused(function, columns):
    with pytest.raises(ValueError, match=r"has the columns .*; expected columns with these names"):
        function(pd.DataFrame(TABLE, columns=columns), None, ["ham", "spam"])
