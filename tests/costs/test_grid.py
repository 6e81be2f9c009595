from __future__ import annotations

import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV

from skcnn.costs import check_cost_matrix, cost_grid, make_cost_scorer

MATRIX = np.array([[0.0, 1.0], [5.0, 0.0]])


class CheapestConstant(ClassifierMixin, BaseEstimator):
    """Gives the answer that was cheapest in training."""

    def __init__(self, cost_matrix=None, epochs=1):
        self.cost_matrix = cost_matrix
        self.epochs = epochs

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        costs = check_cost_matrix(self.cost_matrix, self.classes_, class_totals=counts)
        self.answer_ = self.classes_[np.argmin(counts @ costs)]
        return self

    def predict(self, X):
        return np.full(len(X), self.answer_)


def test_a_label_and_its_costs_give_one_short_dict_each():
    assert cost_grid("spam", [1, 2, 5]) == [{"spam": 1}, {"spam": 2}, {"spam": 5}]


def test_a_pair_sets_the_cost_of_one_error():
    assert cost_grid(("spam", "ham"), [2, 5]) == [{("spam", "ham"): 2}, {("spam", "ham"): 5}]


def test_several_labels_give_every_combination():
    assert cost_grid({"spam": [2, 5], "fraud": [10, 20]}) == [
        {"spam": 2, "fraud": 10},
        {"spam": 2, "fraud": 20},
        {"spam": 5, "fraud": 10},
        {"spam": 5, "fraud": 20},
    ]


def test_numpy_labels_and_costs_are_shown_as_plain_ones():
    label, costs = np.array(["spam"])[0], np.array([1, 5])
    assert repr(cost_grid(label, costs)) == "[{'spam': 1}, {'spam': 5}]"
    assert repr(cost_grid((label, label), costs[:1])) == "[{('spam', 'spam'): 1}]"


@pytest.mark.parametrize(
    "search", [GridSearchCV, partial(HalvingGridSearchCV, resource="epochs", max_resources=9)]
)
def test_a_search_takes_and_shows_every_form_of_costs(search):
    y = np.array(["ham", "ham", "ham", "spam"] * 10)
    frame = pd.DataFrame(MATRIX, ["ham", "spam"], ["ham", "spam"])
    values = [*cost_grid("spam", [1, 5]), None, "balanced", MATRIX, MATRIX.tolist(), frame]
    found = search(
        CheapestConstant(),
        {"cost_matrix": values},
        scoring=make_cost_scorer({"spam": 5}),
        cv=2,
        error_score="raise",
    ).fit(np.zeros((40, 1)), y)
    table = pd.DataFrame(found.cv_results_)
    shown = [str(value) for value in table["param_cost_matrix"]]
    assert shown[:4] == ["{'spam': 1}", "{'spam': 5}", "None", "balanced"]
    assert np.isfinite(table["mean_test_score"]).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("spam",), TypeError, "costs is missing; expected cost_grid('spam', [1, 2, 5, 10])."),
        (
            ({"spam": [1]}, [2]),
            TypeError,
            "costs is [2], together with a mapping that has costs of its own; expected "
            "cost_grid({label: costs, ...}) or cost_grid(label, costs).",
        ),
        (
            ("spam", 5),
            TypeError,
            "The costs of 'spam' are 5; expected a list such as [1, 2, 5].",
        ),
        (
            ("spam", "125"),
            TypeError,
            "The costs of 'spam' are '125'; expected a list such as [1, 2, 5].",
        ),
        (("spam", ["5"]), TypeError, "The costs of 'spam' hold '5'; expected numbers."),
        (
            ("spam", []),
            ValueError,
            "The costs of 'spam' are empty; expected a list such as [1, 2, 5].",
        ),
        (
            ("spam", [1, -1]),
            ValueError,
            "The costs of 'spam' hold -1; expected finite numbers >= 0, as missing a class "
            "cannot be cheaper than finding it.",
        ),
        (
            ("spam", [np.nan]),
            ValueError,
            "The costs of 'spam' hold nan; expected finite numbers >= 0, as missing a class "
            "cannot be cheaper than finding it.",
        ),
        (
            (["spam", "ham"], [1, 2]),
            TypeError,
            "label is ['spam', 'ham']; expected a label, a pair (true label, predicted label), or "
            "a mapping {label: costs} for several.",
        ),
        (({},), ValueError, "The mapping is empty; expected at least one label with its costs."),
        (
            ({"spam": [1], ("ham", "spam"): [2]},),
            ValueError,
            "cost_matrix mixes labels such as 'spam' with pairs such as ('ham', 'spam'); expected "
            "one or the other. Write every entry as (true label, predicted label).",
        ),
    ],
)
def test_what_is_no_grid_is_refused_with_how_to_fix_it(arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        cost_grid(*arguments)
