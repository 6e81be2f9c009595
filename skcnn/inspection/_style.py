"""The axes that displays draw on, and their colors and line styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Style(NamedTuple):
    """What makes a line look different from the others, also when printed in gray."""

    color: str
    linestyle: str | tuple[float, tuple[float, ...]]
    marker: str


# The colors of Okabe & Ito ("Color Universal Design"): color-blind readers can distinguish them.
# Some of them look the same in gray, so each has its own line style.
BLUE = Style("#0072B2", "-", "o")
VERMILION = Style("#D55E00", "--", "s")
GREEN = Style("#009E73", ":", "^")
PURPLE = Style("#CC79A7", "-.", "D")
ORANGE = Style("#E69F00", (0, (6, 1, 1, 1, 1, 1)), "v")
SKY = Style("#56B4E9", (0, (10, 3)), "P")
STYLES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
REFERENCE = Style("#666666", (0, (3, 1, 1, 1)), "")
BAYES_MARK = Style("#000000", "--", "")
TUNED_MARK = Style("#000000", ":", "")


def shown(label: object) -> str:
    """Write a label so that matplotlib draws it as it is.

    A dollar sign would begin a formula, and control characters have no shape.
    """
    text = "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(label))
    return text.replace("$", r"\$")


def axes_for(display: object, ax: Axes | None, figsize: tuple[float, float] | None = None) -> Axes:
    """Return `ax`, or new axes if it is None.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{type(display).__name__}.plot() draws with matplotlib, which is not installed. "
            'Install it with: pip install "skcnn[plot]"'
        ) from error
    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    if not ax.lines:  # axes with lines keep their cycle, so that the next line looks different
        ax.set_prop_cycle(
            color=[style.color for style in STYLES],
            linestyle=[style.linestyle for style in STYLES],
        )
    return ax


def line_options(given: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    """Return `defaults`, overridden by `given`.

    `given` may use short names: ``lw`` is ``linewidth``.
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    return defaults | normalize_kwargs(given, Line2D)


def legend_above_data(ax: Axes) -> None:
    """Put the legend at the top, and make room for it above the curves."""
    legend = ax.legend(loc="upper right")
    bottom, _ = ax.get_ylim()
    height = legend.get_window_extent().height / ax.get_window_extent().height
    # Half of the axes at most: a legend that is higher than that covers curves.
    top = bottom + (ax.dataLim.y1 - bottom) / (1 - min(height + 0.05, 0.5))
    ax.set_ylim(top=top, auto=None)


def start_at_zero(ax: Axes) -> None:
    """Start the vertical axis at cost 0, unless a cost is negative."""
    bottom, _ = ax.get_ylim()
    if ax.dataLim.y0 >= 0 and bottom != 0:
        ax.set_ylim(bottom=0, auto=None)  # auto=None: the next curve may still raise the top
