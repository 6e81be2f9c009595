from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnn.costs import average_cost, bayes_threshold, cost_threshold_curve
from skcnn.inspection import CostThresholdDisplay

LABELS = ["ham", "spam"]
MATRICES = {
    "none": None,
    "spam expensive": {"spam": 5},
    "ham expensive": {"ham": 5},
    "array": [[-1.0, 2.0], [7.0, 0.5]],
}
every_matrix = pytest.mark.parametrize("costs", MATRICES.values(), ids=MATRICES)


@pytest.fixture(autouse=True)
def no_windows():
    with mpl.rc_context({"backend": "Agg"}):
        yield
        plt.close("all")


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(1)
    y_prob = rng.random(100).round(2)
    return np.where(rng.random(100) < y_prob, "spam", "ham"), y_prob


class WithCosts(LogisticRegression):
    """A classifier that knows what its errors cost."""

    def fit(self, X, y):
        self.cost_matrix_ = np.array([[0.0, 1.0], [9.0, 0.0]])
        return super().fit(X, y)


@every_matrix
@pytest.mark.parametrize("threshold", [0.0, 0.135, 0.5, 0.77, 0.999])
def test_the_curve_has_the_cost_of_the_predictions_at_each_threshold(rows, costs, threshold):
    y_true, y_prob = rows
    display = CostThresholdDisplay.from_predictions(y_true, y_prob, cost_matrix=costs)
    y_pred = np.where(y_prob >= threshold, "spam", "ham")
    x, height = display.line_.get_data()
    assert display.line_.get_drawstyle() == "steps-pre"
    drawn = height[np.searchsorted(x, threshold)]
    cost = average_cost(y_true, y_pred, cost_matrix=costs, labels=LABELS)
    assert drawn == pytest.approx(cost)
    assert (x[0], x[-1]) == (0, 1)


@every_matrix
def test_the_marks_are_at_the_bayes_threshold_and_at_the_cheapest(rows, costs):
    y_true, y_prob = rows
    named = {"spam expensive": {1: 5}, "ham expensive": {0: 5}}
    plain = next((named[k] for k, v in MATRICES.items() if v is costs and k in named), costs)
    display = CostThresholdDisplay.from_predictions(y_true, y_prob, cost_matrix=costs)
    bayes = bayes_threshold(plain)
    heights, thresholds = cost_threshold_curve(y_true, y_prob, costs)
    assert display.bayes_line_.get_xdata()[0] == pytest.approx(bayes)
    assert display.tuned_line_.get_xdata()[0] == thresholds[heights.argmin()]
    for line, threshold in (
        (display.bayes_line_, bayes),
        (display.tuned_line_, display.tuned_threshold),
    ):
        y_pred = np.where(y_prob >= threshold, "spam", "ham")
        cost = average_cost(y_true, y_pred, cost_matrix=costs, labels=LABELS)
        assert line.get_label().endswith(f"threshold {threshold:.3g}, cost {cost:.3g}")


@every_matrix
def test_the_other_positive_class_gives_the_mirror_image(rows, costs):
    y_true, y_prob = rows
    spam, ham = (
        CostThresholdDisplay.from_predictions(
            y_true, p, cost_matrix=costs, pos_label=label, marks=False
        )
        for p, label in ((y_prob, "spam"), (1 - y_prob, "ham"))
    )
    np.testing.assert_allclose(ham.average_costs, spam.average_costs[::-1])
    np.testing.assert_allclose(ham.thresholds[:-1], 1 - spam.thresholds[:-1][::-1])
    assert ham.bayes_threshold == pytest.approx(1 - spam.bayes_threshold)
    assert spam.ax_.get_xlabel() == "threshold on P(spam)"
    assert ham.ax_.get_xlabel() == "threshold on P(ham)"


def test_an_estimators_positive_class_has_its_column(rows):
    y, p = rows
    X = p[:, None]
    fitted = LogisticRegression().fit(X, y)
    for label, column in (("spam", 1), ("ham", 0), (None, 1)):
        display = CostThresholdDisplay.from_estimator(fitted, X, y, pos_label=label)
        values = np.unique(fitted.predict_proba(X)[:, column])
        np.testing.assert_array_equal(display.thresholds[:-1], values)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda estimator: estimator,
        lambda estimator: make_pipeline(StandardScaler(), estimator),
        lambda estimator: GridSearchCV(estimator, {"C": [1.0]}, cv=2),
        lambda estimator: GridSearchCV(
            make_pipeline(StandardScaler(), estimator), {"withcosts__C": [1.0]}, cv=2
        ),
    ],
    ids=["alone", "pipeline", "search", "pipeline in a search"],
)
def test_an_estimators_own_costs_are_used_unless_others_are_given(rows, wrap):
    y, p = rows
    fitted = wrap(WithCosts()).fit(p[:, None], y)
    own = CostThresholdDisplay.from_estimator(fitted, p[:, None], y)
    assert own.bayes_threshold == pytest.approx(0.1)
    given = CostThresholdDisplay.from_estimator(fitted, p[:, None], y, cost_matrix={"ham": 4})
    assert given.bayes_threshold == pytest.approx(0.8)


def test_without_costs_every_error_costs_1(rows):
    y, p = rows
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(p[:, None], y)
    assert CostThresholdDisplay.from_estimator(fitted, p[:, None], y).bayes_threshold == 0.5


def test_never_predicting_positive_is_marked_at_the_right_edge():
    display = CostThresholdDisplay.from_predictions([0, 1, 0], [0.9, 0.2, 0.8])
    assert display.tuned_threshold == np.inf
    assert display.tuned_line_.get_xdata()[0] == 1
    assert display.tuned_line_.get_label() == "cheapest: never positive, cost 0.333"


def test_marks_can_be_left_out_and_names_are_shown(rows):
    display = CostThresholdDisplay.from_predictions(*rows, name="mine", marks=False)
    assert len(display.ax_.lines) == 1
    assert display.bayes_line_ is None
    assert display.tuned_line_ is None
    (text,) = display.ax_.get_legend().get_texts()
    assert text.get_text() == "mine"
    assert display.plot(name="other").line_.get_label() == "other"


def test_the_bayes_threshold_is_optional(rows):
    display = CostThresholdDisplay(*cost_threshold_curve(*rows)).plot()
    assert display.bayes_line_ is None
    assert display.ax_.get_xlabel() == "threshold on P(positive)"
    assert len(display.ax_.lines) == 2


def test_the_axis_starts_at_cost_0_and_has_room_for_the_most_expensive_curve(rows):
    y_true, y_prob = rows
    cheap = CostThresholdDisplay.from_predictions(y_true, y_prob)
    expensive = CostThresholdDisplay.from_predictions(
        y_true, y_prob, cost_matrix={"spam": 50}, ax=cheap.ax_
    )
    bottom, top = expensive.ax_.get_ylim()
    assert bottom == 0
    assert top > expensive.average_costs.max()
    earning = [[-3, 2], [7, 0]]
    earns = CostThresholdDisplay.from_predictions(y_true, y_prob, cost_matrix=earning)
    assert earns.ax_.get_ylim()[0] < earns.average_costs.min() < 0


def test_scores_that_are_not_probabilities_are_an_error():
    with pytest.raises(ValueError, match=r"y_prob goes from -2 to 3; expected probabilities"):
        CostThresholdDisplay.from_predictions([0, 1], [-2, 3])
