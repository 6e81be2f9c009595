from __future__ import annotations

from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skcnn.inspection import CostPathDisplay

NAMES = ("recall", "precision", "cost")


@pytest.fixture(autouse=True)
def no_windows():
    with mpl.rc_context({"backend": "Agg"}):
        yield
        plt.close("all")


@pytest.fixture
def path():
    rng = np.random.default_rng(4)
    folds = {name: rng.random((4, 5)) for name in NAMES}
    return SimpleNamespace(ratios=np.array([1, 2, 5, 20]), **folds)


def edges(band):
    """The lowest and the highest corner of a band at each ratio."""
    corners = band.get_paths()[0].vertices
    ratios = np.unique(corners[:, 0])
    heights = [corners[corners[:, 0] == ratio, 1] for ratio in ratios]
    return np.array([[h.min() for h in heights], [h.max() for h in heights]])


def test_each_line_is_the_mean_over_the_folds(path):
    display = CostPathDisplay.from_cost_path(path)
    for name, line in zip(NAMES, display.lines_, strict=True):
        np.testing.assert_allclose(line.get_xdata(), path.ratios)
        np.testing.assert_allclose(line.get_ydata(), getattr(path, name).mean(axis=1))
        assert name in line.get_label()


def test_the_band_is_the_range_or_the_standard_deviation_of_the_folds(path):
    by_range = CostPathDisplay.from_cost_path(path)
    by_std = CostPathDisplay.from_cost_path(path, band="std")
    for name, one, other in zip(NAMES, by_range.bands_, by_std.bands_, strict=True):
        folds = getattr(path, name)
        np.testing.assert_allclose(edges(one), [folds.min(axis=1), folds.max(axis=1)])
        mean, std = folds.mean(axis=1), folds.std(axis=1)
        np.testing.assert_allclose(edges(other), [mean - std, mean + std])
    assert CostPathDisplay.from_cost_path(path, band=None).bands_ == []


def test_ratios_are_on_a_logarithmic_axis_and_are_written_out(path):
    ax = CostPathDisplay.from_cost_path(path).ax_
    assert ax.get_xscale() == "log"
    ax.figure.draw_without_rendering()
    low, high = ax.get_xlim()
    ticks = [t.get_text() for t in ax.get_xticklabels() if low <= t.get_position()[0] <= high]
    assert ticks == ["1", "2", "5", "10", "20"]
    assert ax.get_ylim()[0] == 0


def test_the_three_lines_differ_in_color_line_style_and_marker(path):
    lines = CostPathDisplay.from_cost_path(path).lines_
    for look in ("get_color", "get_linestyle", "get_marker"):
        assert len({getattr(line, look)() for line in lines}) == 3


def test_options_reach_the_lines_and_bands_keep_their_color(path):
    display = CostPathDisplay.from_cost_path(path, lw=4, c="red")
    assert {line.get_linewidth() for line in display.lines_} == {4}
    assert {line.get_color() for line in display.lines_} == {"red"}
    for band in display.bands_:
        np.testing.assert_allclose(band.get_facecolor()[0, :3], [1, 0, 0])


def test_ratios_in_any_order_are_drawn_from_left_to_right(path):
    straight = CostPathDisplay.from_cost_path(path)
    turned = {name: values[::-1] for name, values in vars(path).items()}
    for line, other in zip(straight.lines_, CostPathDisplay(**turned).plot().lines_, strict=True):
        np.testing.assert_array_equal(line.get_data(), other.get_data())


def test_folds_without_a_value_are_left_out(path):
    path.precision[0, :2] = np.nan
    path.precision[3] = np.nan
    display = CostPathDisplay.from_cost_path(path)
    drawn = display.lines_[1].get_ydata()
    assert drawn[0] == pytest.approx(path.precision[0, 2:].mean())
    assert np.isnan(drawn[3])
    assert np.isfinite(drawn[1:3]).all()


def test_one_ratio_and_one_fold_can_be_drawn():
    one = {name: [[0.5]] for name in NAMES}
    display = CostPathDisplay(ratios=[5], **one).plot()
    assert all(line.get_ydata() == [0.5] for line in display.lines_)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(5, 4), (4,), (4, 0)])
def test_shapes_that_do_not_match_are_an_error(path, name, shape):
    setattr(path, name, np.zeros(shape))
    with pytest.raises(ValueError, match=rf"{name} has shape .*; expected \(4, n_folds\)"):
        CostPathDisplay.from_cost_path(path)


@pytest.mark.parametrize("ratios", [[0, 1, 2, 3], [-1, 1, 2, 3], [1, 2, 3, np.inf], [], 5])
def test_ratios_that_are_not_above_0_are_an_error(path, ratios):
    path.ratios = ratios
    with pytest.raises(ValueError, match=r"ratios is .*; expected finite numbers above 0"):
        CostPathDisplay.from_cost_path(path)


def test_other_objects_and_bands_are_an_error(path):
    with pytest.raises(TypeError, match=r"a dict without \['ratios', .*\]; expected the result"):
        CostPathDisplay.from_cost_path({})
    with pytest.raises(ValueError, match=r"band is 'sem'; expected one of \['range', 'std', None"):
        CostPathDisplay.from_cost_path(path, band="sem")
    assert plt.get_fignums() == []
