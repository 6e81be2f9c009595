from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from skcnn.costs import average_cost, brier_curve, cost_curve, net_benefit_curve
from skcnn.inspection import CostCurveDisplay

CURVES = {"cost": cost_curve, "brier": brier_curve, "net_benefit": net_benefit_curve}
every_kind = pytest.mark.parametrize("kind", CURVES)


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


@every_kind
def test_the_curve_is_that_of_the_costs_room(rows, kind):
    display = CostCurveDisplay.from_predictions(*rows, kind=kind)
    np.testing.assert_array_equal(display.line_.get_data(), CURVES[kind](*rows))


@pytest.mark.parametrize("kind", ["cost", "brier"])
def test_the_other_positive_class_gives_the_mirror_image(rows, kind):
    y_true, y_prob = rows
    one = CostCurveDisplay.from_predictions(y_true, y_prob, kind=kind)
    other = CostCurveDisplay.from_predictions(y_true, 1 - y_prob, kind=kind, pos_label=0)
    # At its jumps the Brier curve has two heights: look between them.
    x = np.linspace(0.0013, 0.9987, 96)
    for line, mirrored in zip(one.ax_.lines, other.ax_.lines, strict=True):
        heights = np.interp(x, *line.get_data())
        np.testing.assert_allclose(heights, np.interp(1 - x, *mirrored.get_data()), atol=1e-12)
    assert one.area == pytest.approx(other.area)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_reference_of_the_brier_curve_is_the_cheaper_constant_prediction(rows, weighted):
    y_true, y_prob = rows
    weight = np.where(y_true == 1, 3.0, 1.0) if weighted else None
    display = CostCurveDisplay.from_predictions(y_true, y_prob, kind="brier", sample_weight=weight)
    for c in (0.05, 0.2, 0.5, 0.8):
        costs = [[0, 2 * c], [2 * (1 - c), 0]]
        constants = [
            average_cost(
                y_true,
                np.full_like(y_true, k),
                cost_matrix=costs,
                labels=[0, 1],
                sample_weight=weight,
            )
            for k in (0, 1)
        ]
        drawn = np.interp(c, *display.reference_line_.get_data())
        assert drawn == pytest.approx(min(constants))


def test_the_reference_of_the_cost_curve_is_the_triangle_and_is_never_below_it(rows):
    display = CostCurveDisplay.from_predictions(*rows)
    x = np.linspace(0, 1, 50)
    triangle = np.interp(x, *display.reference_line_.get_data())
    np.testing.assert_allclose(triangle, np.minimum(x, 1 - x))
    assert (np.interp(x, *display.line_.get_data()) <= triangle + 1e-12).all()


def test_the_area_of_the_brier_curve_is_the_brier_score(rows):
    display = CostCurveDisplay.from_predictions(*rows, kind="brier", name="mine")
    score = brier_score_loss(*rows)
    assert display.area == pytest.approx(score)
    assert display.line_.get_label() == f"mine (Brier score = {score:.3f})"


def test_the_axis_labels_name_the_kind_of_curve(rows):
    cost, brier, benefit = (
        CostCurveDisplay.from_predictions(*rows, kind=kind).ax_ for kind in CURVES
    )
    assert cost.get_xlabel().startswith("probability cost")
    assert "best threshold" in cost.get_ylabel()
    assert brier.get_xlabel().startswith("cost proportion $c")
    assert "threshold $c$" in brier.get_ylabel()
    assert benefit.get_xlabel().startswith("threshold $t")
    assert benefit.get_ylabel().startswith("net benefit")
    for ax in (cost, brier, benefit):
        assert ax.get_xlabel().endswith("(positive class: 1)")


@every_kind
def test_the_reference_can_be_left_out(rows, kind):
    display = CostCurveDisplay.from_predictions(*rows, kind=kind, reference=False)
    assert display.reference_line_ is None
    assert len(display.ax_.lines) == 1
    assert len(display.plot().ax_.lines) == 2


def test_only_the_brier_curve_needs_probabilities():
    assert CostCurveDisplay.from_predictions([0, 1], [-2, 3]).area == 0
    with pytest.raises(ValueError, match="y_prob goes from -2 to 3; expected probabilities"):
        CostCurveDisplay.from_predictions([0, 1], [-2, 3], kind="brier")


def test_an_unknown_kind_is_an_error(rows):
    for make in (CostCurveDisplay, CostCurveDisplay.from_predictions):
        with pytest.raises(
            ValueError, match=r"kind is 'roc'; expected one of \['cost', 'brier', 'net_benefit'\]"
        ):
            make(*rows, kind="roc")


def test_the_reference_of_the_net_benefit_is_the_better_constant_prediction(rows):
    display = CostCurveDisplay.from_predictions(*rows, kind="net_benefit")
    share = rows[0].mean()
    for t in (0.0, 0.05, 0.2, share, 0.6):
        always = share - (1 - share) * t / (1 - t)
        drawn = np.interp(t, *display.reference_line_.get_data())
        assert drawn == pytest.approx(max(always, 0), abs=1e-4)
    assert np.isnan(display.area)
    assert display.ax_.get_ylim()[0] >= -0.25 * share - 1e-12


@every_kind
def test_the_legend_covers_no_curve(rows, kind):
    display = CostCurveDisplay.from_predictions(*rows, kind=kind, name="mine")
    ax = CostCurveDisplay.from_predictions(
        rows[0], 1 - rows[1], kind=kind, name="other", reference=False, ax=display.ax_
    ).ax_
    ax.figure.draw_without_rendering()
    bottom = ax.get_legend().get_window_extent().y0
    for line in ax.lines:
        assert ax.transData.transform(line.get_xydata())[:, 1].max() <= bottom
