"""What holds for every display."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import skcnn.inspection
from skcnn.inspection import (
    CostConfusionMatrixDisplay,
    CostCurveDisplay,
    CostPathDisplay,
    CostThresholdDisplay,
    RecallEffortDisplay,
)
from skcnn.inspection._style import BAYES_MARK, REFERENCE, STYLES, TUNED_MARK

Draw = Callable[..., Any]
PATH = SimpleNamespace(
    ratios=np.array([1.0, 3.0, 10.0]),
    recall=np.array([[0.4, 0.5], [0.6, 0.8], [0.9, 0.9]]),
    precision=np.array([[0.9, 0.8], [0.7, 0.6], [0.4, 0.5]]),
    cost=np.array([[0.7, 0.6], [0.5, 0.5], [0.6, 0.7]]),
)


@pytest.fixture(autouse=True)
def no_windows():
    with mpl.rc_context({"backend": "Agg"}):
        plt.close("all")
        yield
        plt.close("all")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = np.where(rng.random(200) < 0.3, "spam", "ham")
    return rng.normal(size=(200, 2)) + (y == "spam")[:, None], y


@pytest.fixture(scope="module")
def fitted(data):
    return LogisticRegression().fit(*data)


def of_kind(draw: Draw, kind: str) -> Draw:
    return lambda *args, **kwargs: draw(*args, kind=kind, **kwargs)


FROM_ESTIMATOR: dict[str, Draw] = {
    "threshold": CostThresholdDisplay.from_estimator,
    "cost": CostCurveDisplay.from_estimator,
    "brier": of_kind(CostCurveDisplay.from_estimator, "brier"),
    "net_benefit": of_kind(CostCurveDisplay.from_estimator, "net_benefit"),
    "recall_effort": RecallEffortDisplay.from_estimator,
    "confusion": CostConfusionMatrixDisplay.from_estimator,
}
FROM_PREDICTIONS: dict[str, Draw] = {
    "threshold": CostThresholdDisplay.from_predictions,
    "cost": CostCurveDisplay.from_predictions,
    "brier": of_kind(CostCurveDisplay.from_predictions, "brier"),
    "net_benefit": of_kind(CostCurveDisplay.from_predictions, "net_benefit"),
    "recall_effort": RecallEffortDisplay.from_predictions,
    "confusion": CostConfusionMatrixDisplay.from_predictions,
}
CURVES = ("threshold", "cost", "brier", "net_benefit", "recall_effort")
every_kind = pytest.mark.parametrize("kind", [*FROM_ESTIMATOR, "path"])
every_estimator_kind = pytest.mark.parametrize("kind", FROM_ESTIMATOR)
every_curve = pytest.mark.parametrize("kind", CURVES)


def draw(kind, fitted, data, **options):
    if kind == "path":
        return CostPathDisplay.from_cost_path(PATH, **options)
    return FROM_ESTIMATOR[kind](fitted, *data, **options)


def contents(ax):
    """Everything that is drawn, as plain values."""
    lines = [(line.get_label(), *map(tuple, line.get_data())) for line in ax.lines]
    images = [image.get_array().tolist() for image in ax.images]
    texts = [text.get_text() for text in ax.texts]
    return lines, images, texts, ax.get_xlabel(), ax.get_ylabel(), ax.get_title()


@every_kind
def test_a_display_draws_on_the_axes_that_are_given_and_opens_no_figure(kind, fitted, data):
    figure, (first, second) = plt.subplots(1, 2)
    display = draw(kind, fitted, data, ax=second)
    assert plt.get_fignums() == [figure.number]
    assert display.ax_ is second
    assert display.figure_ is figure
    assert contents(first) == ([], [], [], "", "", "")
    assert contents(second) != contents(first)


@every_kind
def test_a_display_opens_a_figure_where_no_axes_are_given(kind, fitted, data):
    display = draw(kind, fitted, data)
    assert plt.get_fignums() == [display.figure_.number]
    assert display.ax_ in display.figure_.axes


@every_kind
def test_drawing_again_gives_the_same_and_returns_the_display(kind, fitted, data):
    display = draw(kind, fitted, data)
    before = contents(display.ax_)
    assert display.plot() is display
    assert contents(display.ax_) == before
    assert len(plt.get_fignums()) == 2


@every_kind
def test_both_axes_are_named_and_nothing_is_cut_off(kind, fitted, data):
    display = draw(kind, fitted, data)
    display.figure_.draw_without_rendering()
    width, height = display.figure_.canvas.get_width_height()
    for axis in (display.ax_.xaxis, display.ax_.yaxis):
        assert axis.label.get_text()
        box = axis.get_tightbbox()
        assert -1 <= box.x0 < box.x1 <= width + 1
        assert -1 <= box.y0 < box.y1 <= height + 1


@every_kind
def test_a_display_is_drawn_without_warnings_and_saved(kind, fitted, data, tmp_path, recwarn):
    draw(kind, fitted, data).figure_.savefig(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 1000
    assert [str(warning.message) for warning in recwarn] == []


@every_estimator_kind
@pytest.mark.parametrize("weighted", [False, True])
def test_an_estimator_is_drawn_as_its_predictions_are(kind, fitted, data, weighted):
    X, y = data
    options = {"sample_weight": np.linspace(0.5, 2, len(y))} if weighted else {}
    predictions = fitted.predict(X) if kind == "confusion" else fitted.predict_proba(X)[:, 1]
    drawn = FROM_ESTIMATOR[kind](fitted, X, y, **options)
    if kind != "confusion":
        options["name"] = "LogisticRegression"
    same = FROM_PREDICTIONS[kind](y, predictions, **options)
    assert contents(drawn.ax_) == contents(same.ax_)


@every_curve
def test_an_estimators_positive_class_is_drawn_as_its_column_is(kind, fitted, data):
    X, y = data
    drawn = FROM_ESTIMATOR[kind](fitted, X, y, pos_label="ham", name="mine")
    ham = fitted.predict_proba(X)[:, 0]
    same = FROM_PREDICTIONS[kind](y, ham, pos_label="ham", name="mine")
    assert contents(drawn.ax_) == contents(same.ax_)
    assert "ham" in drawn.ax_.get_xlabel()


@every_estimator_kind
def test_weights_count_rows_several_times(kind, fitted, data):
    X, y = data
    times = 1 + np.arange(len(y)) % 3
    weighted = FROM_ESTIMATOR[kind](fitted, X, y, sample_weight=times).ax_
    repeated = FROM_ESTIMATOR[kind](fitted, X.repeat(times, axis=0), y.repeat(times)).ax_
    unweighted = FROM_ESTIMATOR[kind](fitted, X, y).ax_
    for one, other in zip(weighted.lines, repeated.lines, strict=True):
        np.testing.assert_allclose(one.get_data(), other.get_data())
        assert one.get_label() == other.get_label()
    assert contents(weighted)[1:] == contents(repeated)[1:]
    assert contents(weighted) != contents(unweighted)


@every_curve
def test_options_reach_the_curve(kind, fitted, data):
    display = draw(kind, fitted, data, color="red", lw=3, alpha=0.5, label="mine")
    assert display.line_.get_color() == "red"
    assert display.line_.get_linewidth() == 3
    assert display.line_.get_alpha() == 0.5
    assert display.line_.get_label() == "mine"


@every_curve
def test_curves_on_the_same_axes_differ_in_color_and_line_style(kind, fitted, data):
    ax = plt.subplots()[1]
    lines = [
        draw(kind, fitted, data, ax=ax, **{off(kind): False}).line_ for _ in range(len(STYLES))
    ]
    assert len({line.get_color() for line in lines}) == len(STYLES)
    assert len({dashes(line) for line in lines}) == len(STYLES)


def off(kind):
    return "marks" if kind == "threshold" else "reference"


def dashes(line):
    return str(line._unscaled_dash_pattern)


def luminance(color):
    return float(np.dot(to_rgb(color), [0.299, 0.587, 0.114]))


@every_kind
def test_lines_differ_in_gray(kind, fitted, data):
    lines = draw(kind, fitted, data).ax_.lines
    for place, line in enumerate(lines):
        assert luminance(line.get_color()) < 0.75  # on white
        for other in lines[:place]:
            lighter = abs(luminance(line.get_color()) - luminance(other.get_color()))
            assert lighter > 0.2 or dashes(line) != dashes(other)


def test_no_two_styles_have_the_same_dashes():
    styles = [*STYLES, REFERENCE]
    assert len({str(style.linestyle) for style in styles}) == len(styles)
    assert BAYES_MARK.linestyle != TUNED_MARK.linestyle


@every_curve
def test_an_estimator_without_probabilities_is_an_error_with_a_fix(kind, data):
    with pytest.raises(TypeError, match=r"LinearSVC, which has no predict_proba.*Calibrated"):
        FROM_ESTIMATOR[kind](LinearSVC().fit(*data), *data)


@every_curve
def test_more_than_two_classes_are_an_error_with_a_fix(kind, data):
    X, y = data
    y = np.where(np.arange(len(y)) % 5 == 0, "offer", y)
    three = LogisticRegression().fit(X, y)
    with pytest.raises(ValueError, match=r"3 classes, \['ham', 'offer', 'spam'\]; expected two"):
        FROM_ESTIMATOR[kind](three, X, y)
    with pytest.raises(ValueError, match="y_true has 3 different labels"):
        FROM_PREDICTIONS[kind](y, three.predict_proba(X)[:, 1])


@every_curve
def test_unknown_labels_are_an_error(kind, fitted, data):
    X, y = data
    for source in (
        lambda **o: FROM_ESTIMATOR[kind](fitted, X, y, **o),
        lambda **o: FROM_PREDICTIONS[kind](y, fitted.predict_proba(X)[:, 1], **o),
    ):
        with pytest.raises(ValueError, match=r"pos_label is 'eggs'; expected one of \['ham'"):
            source(pos_label="eggs")
    other = np.where(y == "ham", "eggs", y)
    with pytest.raises(
        ValueError, match=r"\['eggs'\], which are not in estimator.classes_ = \['ham"
    ):
        FROM_ESTIMATOR[kind](fitted, X, other)


@every_curve
def test_invalid_input_draws_nothing(kind, fitted, data):
    X, y = data
    with pytest.raises(ValueError, match="y_true has 1 different labels"):
        FROM_ESTIMATOR[kind](fitted, X[y == "ham"], y[y == "ham"])
    assert plt.get_fignums() == []


@every_kind
def test_without_matplotlib_the_error_names_the_package_to_install(kind, fitted, data, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'Display\.plot\(\).*pip install "skcnn\[plot\]"'):
        draw(kind, fitted, data)


def test_importing_the_displays_imports_neither_matplotlib_nor_tensorflow():
    check = (
        "import sys, skcnn.inspection; "
        "print(sorted({'matplotlib', 'tensorflow', 'keras', 'skcnn.network', 'jinja2', "
        "'skcnn._estimator'} & set(sys.modules)), 'skcnn.costs' in sys.modules)"
    )
    command = [sys.executable, "-c", check]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == "[] True\n"


def test_every_display_is_public_and_is_drawn_here(fitted, data):
    kinds = [*FROM_ESTIMATOR, "path"]
    drawn = {type(draw(kind, fitted, data)).__name__ for kind in kinds}
    assert drawn == {name for name in skcnn.inspection.__all__ if name.endswith("Display")}
