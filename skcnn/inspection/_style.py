"""Where the displays draw, and in which colours and line styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Style(NamedTuple):
    """How one line is told from the others, in colour and in grey."""

    color: str
    linestyle: str | tuple[float, tuple[float, ...]]
    marker: str


# The colours of Okabe & Ito ("Color universal design"), which colour-blind readers tell apart. In
# grey some of them are alike: no two lines have the same line style.
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


def axes_for(display: object, ax: Axes | None, figsize: tuple[float, float] | None = None) -> Axes:
    """Make axes, or take those that are given; import matplotlib, or say how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{type(display).__name__}.plot() draws with matplotlib, which is not installed. "
            'Install it with: pip install "skcnn[plot]"'
        ) from error
    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    if not ax.lines:  # otherwise the lines that are there and the new ones share one cycle
        ax.set_prop_cycle(
            color=[style.color for style in STYLES],
            linestyle=[style.linestyle for style in STYLES],
        )
    return ax


def line_options(given: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    """Put `given` before `defaults`, also under a short name: ``lw`` is ``linewidth``."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    return defaults | normalize_kwargs(given, Line2D)


def begin_at_zero(ax: Axes) -> None:
    """Show where nothing is paid, unless something is earned."""
    bottom, _ = ax.get_ylim()
    if ax.dataLim.y0 >= 0 and bottom != 0:
        ax.set_ylim(bottom=0, auto=None)  # auto=None: the next curve may still move the top
