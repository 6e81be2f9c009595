from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnn import MinCostClassifier
from skcnn.costs import average_cost, check_cost_matrix
from skcnn.inspection import CostConfusionMatrixDisplay

LABELS = ["ham", "offer", "spam"]
COSTS = {
    "none": None,
    "labels": {"spam": 5},
    "array": [[-2.0, 1.0, 2.5], [3.0, 0.0, 4.0], [500.0, 0.004, 0.0]],
}
every_cost = pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)


@pytest.fixture(autouse=True)
def no_windows():
    with mpl.rc_context({"backend": "Agg"}):
        yield
        plt.close("all")


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(3)
    y_true = rng.choice(LABELS, 120, p=[0.6, 0.25, 0.15])
    return y_true, np.where(rng.random(120) < 0.7, y_true, rng.choice(LABELS, 120))


@every_cost
def test_the_color_of_a_cell_is_its_total_cost(predictions, costs):
    display = CostConfusionMatrixDisplay.from_predictions(*predictions, cost_matrix=costs)
    expected = confusion_matrix(*predictions) * check_cost_matrix(costs, LABELS)
    np.testing.assert_allclose(display.im_.get_array(), expected)
    np.testing.assert_allclose(display.cell_costs, expected)


@every_cost
def test_total_and_average_are_those_of_average_cost(predictions, costs):
    display = CostConfusionMatrixDisplay.from_predictions(*predictions, cost_matrix=costs)
    average = average_cost(*predictions, cost_matrix=costs)
    assert display.average_cost == pytest.approx(average)
    assert display.total_cost == pytest.approx(average * 120)


def test_a_cell_shows_count_and_cost():
    y_true, y_pred = [0] * 75 + [1] * 25, [0] * 70 + [1] * 5 + [0] * 12 + [1] * 13
    display = CostConfusionMatrixDisplay.from_predictions(y_true, y_pred, cost_matrix={1: 5})
    texts = [[text.get_text() for text in row] for row in display.text_]
    assert texts == [["70\n70 × 0 = 0", "5\n5 × 1 = 5"], ["12\n12 × 5 = 60", "13\n13 × 0 = 0"]]
    assert display.ax_.get_title() == "total cost 65, average cost 0.65 per row"
    assert display.im_.colorbar.ax.get_ylabel() == "total cost"


def test_the_unit_follows_each_cost():
    display = CostConfusionMatrixDisplay([[0, 3], [1200, 1]], [[0, 0.05], [2.5, 0]], unit="€")
    display.plot()
    assert display.text_[0, 1].get_text() == "3\n3 × 0.05 € = 0.15 €"
    assert display.text_[1, 0].get_text() == "1,200\n1,200 × 2.5 € = 3,000 €"
    assert display.ax_.get_title() == "total cost 3,000.15 €, average cost 2.49 € per row"
    assert display.im_.colorbar.ax.get_ylabel() == "total cost (€)"


def test_rows_are_the_truth_and_labels_name_them(predictions):
    order = ["spam", "ham", "offer"]
    display = CostConfusionMatrixDisplay.from_predictions(
        *predictions, cost_matrix={"spam": 5}, labels=order
    )
    ticks = [tick.get_text() for tick in display.ax_.get_yticklabels()]
    assert ticks == order
    missed = int(np.sum((predictions[0] == "spam") & (predictions[1] == "ham")))
    assert display.text_[0, 1].get_text() == f"{missed}\n{missed} × 5\n= {missed * 5}"


def luminance(color):
    return float(np.dot(to_rgb(color), [0.299, 0.587, 0.114]))


@pytest.mark.parametrize(
    "counts",
    [[[9, 0], [0, 5]], [[9, 3], [1, 5]], [[0, 7], [7, 0]]],
    ids=["perfect", "mixed", "all wrong"],
)
@pytest.mark.parametrize("cmap", ["Blues", "viridis", "cividis"])
def test_the_text_in_a_cell_can_be_read_in_gray(counts, cmap):
    display = CostConfusionMatrixDisplay(np.array(counts), [[0, 1], [4, 0]]).plot(cmap=cmap)
    for place, text in np.ndenumerate(display.text_):
        background = display.im_.to_rgba(display.cell_costs[place])
        assert abs(luminance(background[:3]) - luminance(text.get_color())) > 0.4


def test_cells_without_cost_have_the_lightest_color():
    display = CostConfusionMatrixDisplay([[9, 0], [0, 5]], [[0, 1], [4, 0]]).plot()
    display.figure_.draw_without_rendering()
    assert display.im_.to_rgba(0.0) == display.im_.cmap(0)
    expensive = CostConfusionMatrixDisplay([[9, 9], [9, 9]], [[2, 3], [4, 3]]).plot()
    assert expensive.im_.get_clim() == (0, 36)


def test_long_labels_are_not_cut_off():
    labels = ["a mail that is wanted", "a mail that nobody asked for"]
    display = CostConfusionMatrixDisplay([[9, 1], [2, 5]], display_labels=labels).plot()
    display.figure_.draw_without_rendering()
    assert display.ax_.yaxis.get_tightbbox().x0 >= -1


@pytest.mark.parametrize("n_classes", [2, 3, 6, 10])
@pytest.mark.parametrize("given", [False, True])
def test_texts_fit_into_their_cells(n_classes, given):
    counts = np.full((n_classes, n_classes), 123)
    ax = plt.subplots()[1] if given else None
    display = CostConfusionMatrixDisplay(counts, 12.5 * (1 - np.eye(n_classes)), unit="€").plot(ax)
    display.figure_.draw_without_rendering()
    cell = display.ax_.get_window_extent().width / n_classes
    assert max(text.get_window_extent().width for text in display.text_.flat) < cell


def test_options_reach_the_cells(predictions):
    display = CostConfusionMatrixDisplay.from_predictions(
        *predictions,
        cmap="viridis",
        colorbar=False,
        im_kw={"vmax": 7},
        text_kw={"size": 3, "c": "red"},
    )
    assert display.im_.get_cmap().name == "viridis"
    assert display.im_.get_clim() == (0, 7)
    assert display.im_.colorbar is None
    assert {text.get_fontsize() for text in display.text_.flat} == {3}
    assert {text.get_color() for text in display.text_.flat} == {"red"}
    assert (
        CostConfusionMatrixDisplay.from_predictions(*predictions, include_values=False).text_
        is None
    )


def test_a_class_without_rows_keeps_its_cell(predictions):
    y_true, _ = predictions
    X = np.array([[LABELS.index(label)] for label in y_true])
    fitted = LogisticRegression().fit(X, y_true)
    known = y_true != "spam"
    display = CostConfusionMatrixDisplay.from_estimator(
        fitted, X[known], y_true[known], cost_matrix={"spam": 5}
    )
    assert display.cell_costs.shape == (3, 3)


def test_an_estimators_own_costs_are_used_unless_others_are_given(predictions):
    y_true, _ = predictions
    X = np.array([[LABELS.index(label)] for label in y_true])
    fitted = LogisticRegression().fit(X, y_true)
    fitted.cost_matrix_ = check_cost_matrix({"spam": 9}, LABELS)
    own = CostConfusionMatrixDisplay.from_estimator(fitted, X, y_true)
    np.testing.assert_array_equal(own.cost_matrix, fitted.cost_matrix_)
    given = CostConfusionMatrixDisplay.from_estimator(fitted, X, y_true, cost_matrix={"ham": 2})
    np.testing.assert_array_equal(given.cost_matrix, check_cost_matrix({"ham": 2}, LABELS))


def test_a_matrix_that_counts_no_rows_is_an_error():
    with pytest.raises(ValueError, match=r"confusion_matrix counts no rows; expected at least one"):
        CostConfusionMatrixDisplay([[0, 0], [0, 0]])


def test_rows_without_a_cell_are_an_error(predictions):
    with pytest.raises(
        ValueError, match=r"\['spam'\], which are not in labels = \['ham', 'offer'\]"
    ):
        CostConfusionMatrixDisplay.from_predictions(*predictions, labels=["ham", "offer"])
    with pytest.raises(ValueError, match=r"shape \(2, 3\); expected \(2, 2\): one row and one"):
        CostConfusionMatrixDisplay([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ValueError, match=r"cost_matrix has shape \(2, 2\); expected \(3, 3\)"):
        CostConfusionMatrixDisplay.from_predictions(*predictions, cost_matrix=[[0, 1], [1, 0]])


# --- abstentions ---


@pytest.fixture(scope="module")
def abstaining(predictions):
    y_true, y_pred = predictions
    left_out = np.random.default_rng(4).random(120) < 0.2
    return y_true, np.where(left_out, "unsure", y_pred)


ABSTENTION = {"abstain_cost": 0.3, "abstain_label": "unsure"}


@every_cost
@pytest.mark.parametrize("weighted", [False, True])
def test_abstentions_have_a_column_with_their_cost(abstaining, costs, weighted):
    weight = np.random.default_rng(5).integers(1, 4, 120) if weighted else None
    display = CostConfusionMatrixDisplay.from_predictions(
        *abstaining, cost_matrix=costs, sample_weight=weight, unit="€", **ABSTENTION
    )
    counts = confusion_matrix(*abstaining, labels=[*LABELS, "unsure"], sample_weight=weight)[:3]
    each = np.column_stack([check_cost_matrix(costs, LABELS), np.full(3, 0.3)])
    np.testing.assert_array_equal(display.confusion_matrix, counts)
    np.testing.assert_allclose(display.cell_costs, counts * each)
    np.testing.assert_allclose(display.im_.get_array(), counts * each)
    average = average_cost(*abstaining, cost_matrix=costs, sample_weight=weight, **ABSTENTION)
    assert display.average_cost == pytest.approx(average)


def test_the_column_of_abstentions_is_named_and_its_cells_are_written(abstaining):
    display = CostConfusionMatrixDisplay.from_predictions(*abstaining, unit="€", **ABSTENTION)
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == [*LABELS, "unsure"]
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == LABELS
    assert display.text_.shape == (3, 4)
    n = display.confusion_matrix[0, 3]
    assert display.text_[0, 3].get_text().startswith(f"{n}\n{n} × 0.3 €\n= ")
    display.figure_.draw_without_rendering()
    box = display.ax_.get_window_extent()
    for text in display.text_.flat:
        assert text.get_window_extent().width < box.width / 4
        assert text.get_position()[0] <= 3
    assert box.height / 3 == pytest.approx(box.width / 4, rel=0.01)


def test_an_estimators_own_abstentions_are_drawn(predictions):
    y_true, _ = predictions
    X = np.random.default_rng(6).normal(size=(120, 2)) + (y_true == "spam")[:, np.newaxis]
    model = MinCostClassifier(LogisticRegression(), {"spam": 5}, **ABSTENTION)
    pipeline = make_pipeline(StandardScaler(), model).fit(X, y_true)
    drawn = CostConfusionMatrixDisplay.from_estimator(pipeline, X, y_true)
    same = CostConfusionMatrixDisplay.from_predictions(
        y_true, pipeline.predict(X), cost_matrix={"spam": 5}, **ABSTENTION
    )
    assert drawn.confusion_matrix[:, 3].sum() > 0
    np.testing.assert_array_equal(drawn.cell_costs, same.cell_costs)


def test_labels_of_abstentions_may_be_numbers():
    for labels in ([0, 1], [False, True]):
        y_true, y_pred = np.array(labels)[[0, 0, 1]], [labels[0], -1, labels[1]]
        display = CostConfusionMatrixDisplay.from_predictions(y_true, y_pred, abstain_cost=0.5)
        assert display.confusion_matrix.tolist() == [[1, 0, 1], [0, 1, 0]]
        assert display.total_cost == 0.5


def test_a_matrix_without_a_column_for_abstentions_is_an_error():
    with pytest.raises(ValueError, match=r"has shape \(2, 2\); expected \(2, 3\): .*abstentions"):
        CostConfusionMatrixDisplay([[1, 2], [3, 4]], abstain_cost=0.5)
    with pytest.raises(ValueError, match=r"abstain_cost is -1; expected a finite number"):
        CostConfusionMatrixDisplay([[1, 2, 0], [3, 4, 0]], abstain_cost=-1)
    with pytest.raises(ValueError, match=r"not in labels = \['ham', 'spam'\];"):
        CostConfusionMatrixDisplay.from_predictions(
            ["ham", "spam"], ["ham", "unsure"], labels=["ham", "spam"]
        )
