from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.model_selection import StratifiedKFold, cross_validate

from skcnn.costs import bayes_threshold, recall_effort_curve
from skcnn.inspection import RecallEffortDisplay


@pytest.fixture(autouse=True)
def no_windows():
    with mpl.rc_context({"backend": "Agg"}):
        yield
        plt.close("all")


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(2)
    y_prob = rng.beta(1, 3, size=150).round(2)
    return (rng.random(150) < y_prob).astype(int), y_prob


@pytest.fixture(scope="module")
def folds():
    rng = np.random.default_rng(3)
    y = np.where(rng.random(300) < 0.3, "spam", "ham")
    X = rng.normal(size=(300, 2)) + (y == "spam")[:, None]
    cv = StratifiedKFold(4, shuffle=True, random_state=0)
    results = cross_validate(
        LogisticRegression(), X, y, cv=cv, return_estimator=True, return_indices=True
    )
    return results, X, y


def test_the_curve_is_that_of_the_costs_room(rows):
    display = RecallEffortDisplay.from_predictions(*rows)
    effort, recall, _ = recall_effort_curve(*rows)
    np.testing.assert_array_equal(display.line_.get_data(), (effort, recall))


@pytest.mark.parametrize("ratios", [[1], [0.5, 1, 2, 5, 20, 1000]])
def test_a_mark_is_where_its_bayes_threshold_puts_the_decisions(rows, ratios):
    y_true, y_prob = rows
    display = RecallEffortDisplay.from_predictions(y_true, y_prob, ratios=ratios)
    for ratio, (effort, recall) in zip(ratios, display.marks, strict=True):
        flagged = y_prob >= bayes_threshold({1: ratio})
        assert effort == pytest.approx(flagged.mean())
        assert recall == pytest.approx(recall_score(y_true, flagged))
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts == [f"{ratio:g}:1" for ratio in ratios]
    np.testing.assert_array_equal(display.marks_.get_offsets(), display.marks)


def test_the_references_are_the_random_order_and_the_best_possible_order(rows):
    display = RecallEffortDisplay.from_predictions(*rows)
    random, best = display.reference_lines_
    x = np.linspace(0, 1, 50)
    np.testing.assert_allclose(np.interp(x, *random.get_data()), x)
    effort, recall, _ = recall_effort_curve(rows[0], rows[0])
    np.testing.assert_allclose(
        np.interp(x, *best.get_data()), np.interp(x, effort, recall), atol=1e-12
    )
    drawn = np.interp(x, *display.line_.get_data())
    assert (drawn <= np.interp(x, *best.get_data()) + 1e-12).all()


def test_the_legend_counts_the_rows_of_each_curve(rows):
    y_true, y_prob = rows
    ax = RecallEffortDisplay.from_predictions(y_true, y_prob, name="all").ax_
    RecallEffortDisplay.from_predictions(
        y_true[:50], y_prob[:50], name="fifty", reference=False, ax=ax
    )
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert f"all\n{y_true.sum()} of 150 rows positive" in texts
    assert f"fifty\n{y_true[:50].sum()} of 50 rows positive" in texts
    assert ax.get_xlabel() == "share of the rows that is read (positive class: 1)"


def test_the_line_is_the_mean_of_the_splits_and_the_band_their_range(folds):
    results, X, y = folds
    display = RecallEffortDisplay.from_cv_results(results, X, y, ratios=[1, 5])
    assert display.recall.shape == (501, 4)
    for split, (model, test) in enumerate(
        zip(results["estimator"], results["indices"]["test"], strict=True)
    ):
        p = model.predict_proba(X[test])[:, 1]
        effort, recall, _ = recall_effort_curve(y[test], p)
        own = np.interp(display.effort, effort, recall)
        np.testing.assert_allclose(display.recall[:, split], own)
    np.testing.assert_allclose(display.line_.get_ydata(), display.recall.mean(axis=1))
    corners = display.band_.get_paths()[0].vertices
    assert corners[:, 1].min() >= 0
    for point in (50, 150, 400):
        heights = corners[np.isclose(corners[:, 0], display.effort[point]), 1]
        both = display.recall[point].min(), display.recall[point].max()
        np.testing.assert_allclose([heights.min(), heights.max()], both)
    assert "4 splits" in display.line_.get_label()
    assert display.n_rows == 300


def test_results_without_estimators_or_indices_are_refused(folds):
    results, X, y = folds
    for key in ("estimator", "indices"):
        rest = {name: value for name, value in results.items() if name != key}
        with pytest.raises(ValueError, match=rf"no \['{key}'\]; expected .* return_{key}=True"):
            RecallEffortDisplay.from_cv_results(rest, X, y)


def test_scores_are_drawn_without_marks_only():
    y_true, score = [0, 1, 0, 1], [-3, 2, 0, 5]
    assert RecallEffortDisplay.from_predictions(y_true, score, ratios=None).marks_ is None
    with pytest.raises(ValueError, match="expected probabilities of the positive class"):
        RecallEffortDisplay.from_predictions(y_true, score)
    with pytest.raises(ValueError, match=r"ratios is \[0\]; expected finite numbers above 0"):
        RecallEffortDisplay.from_predictions([0, 1], [0.2, 0.4], ratios=[0])


def test_shapes_that_do_not_match_are_an_error():
    with pytest.raises(ValueError, match=r"effort has shape \(3,\), recall \(2,\)"):
        RecallEffortDisplay([0, 0.5, 1], [0, 1])
    with pytest.raises(ValueError, match="There are 1 ratios and 0 marks"):
        RecallEffortDisplay([0, 1], [0, 1], ratios=[1])


def test_the_legend_covers_no_curve_and_explains_the_marks_once(rows):
    display = RecallEffortDisplay.from_predictions(*rows, name="one")
    ax = RecallEffortDisplay.from_predictions(
        *rows, name="two", reference=False, ax=display.ax_
    ).ax_
    ax.figure.draw_without_rendering()
    box = ax.get_legend().get_window_extent()
    x = np.linspace(0, 1, 200)
    for line in ax.lines:
        points = ax.transData.transform(np.column_stack([x, np.interp(x, *line.get_data())]))
        inside = (points[:, 0] > box.x0) & (points[:, 1] < box.y1)
        assert not inside.any(), line.get_label()
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts.count("cost of a miss : false alarm") == 1
