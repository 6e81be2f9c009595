"""A table drawn as colored cells with text in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


def draw_cells(ax: Axes, values: Float64, cmap: Any, im_kw: dict[str, Any] | None) -> AxesImage:
    """Color each cell by its value.

    The color scale starts at 0, or at the lowest value if it is negative.
    """
    highest, lowest = values.max(), min(0.0, values.min())
    options = {
        "interpolation": "nearest",
        "cmap": cmap,
        "vmin": lowest,
        "vmax": highest if highest > lowest else lowest + 1,  # all equal: the color of 0
    }
    return ax.imshow(values, **options | (im_kw or {}))


def write_cells(
    ax: Axes, image: AxesImage, texts: list[list[str]], text_kw: dict[str, Any] | None
) -> NDArray[np.object_]:
    """Write a text into each cell, in black or white, in letters that fit.

    `text_kw` overrides these choices.
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.text import Text

    defaults = {"ha": "center", "va": "center", "fontsize": _font_size(texts, ax)}
    options = normalize_kwargs(defaults, Text) | normalize_kwargs(text_kw or {}, Text)
    values: Any = image.get_array()
    drawn = np.empty(values.shape, dtype=object)
    for (i, j), value in np.ndenumerate(values):
        color = "black" if luminance(image.to_rgba(value)) > 0.5 else "white"
        drawn[i, j] = ax.text(j, i, texts[i][j], **{"color": color} | options)
    return drawn


def luminance(rgba: Any) -> float:
    """Return the brightness of a color: 0 is black, 1 is white.

    The weights of red, green and blue are those of the standard ITU-R BT.601.
    """
    red, green, blue = rgba[:3]
    return float(0.299 * red + 0.587 * green + 0.114 * blue)


def _font_size(texts: list[list[str]], ax: Axes) -> float:
    """Return the font size in points at which the longest text fits into its cell.

    A letter is about 0.6 of the font size wide.
    """
    box = ax.get_window_extent()
    cell = 72 / ax.figure.dpi * min(box.width / len(texts[0]), box.height / len(texts))
    letters = max(len(line) for row in texts for text in row for line in text.splitlines())
    return min(10.0, 0.95 * cell / (0.6 * letters))
