"""A table drawn as coloured cells with text in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


def draw_cells(
    ax: Axes, values: NDArray[np.float64], cmap: Any, im_kw: dict[str, Any] | None
) -> AxesImage:
    """Colour each cell by its value; colours begin at 0, or below where a value is."""
    highest, lowest = values.max(), min(0.0, values.min())
    options = {
        "interpolation": "nearest",
        "cmap": cmap,
        "vmin": lowest,
        "vmax": highest if highest > lowest else lowest + 1,  # all alike: the colour of nothing
    }
    return ax.imshow(values, **options | (im_kw or {}))


def write_cells(
    ax: Axes, image: AxesImage, texts: list[list[str]], text_kw: dict[str, Any] | None
) -> NDArray[np.object_]:
    """Write into each cell, in black or white and in letters that fit into it, unless told so."""
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
    """How light a colour is in grey: 0 is black, 1 is white."""
    red, green, blue = rgba[:3]
    return float(0.299 * red + 0.587 * green + 0.114 * blue)


def _font_size(texts: list[list[str]], ax: Axes) -> float:
    """Points that fit the longest text into its cell; a letter is about 0.6 of them wide."""
    box = ax.get_window_extent()
    cell = 72 / ax.figure.dpi * min(box.width / len(texts[0]), box.height / len(texts))
    letters = max(len(line) for row in texts for text in row for line in text.splitlines())
    return min(10.0, 0.95 * cell / (0.6 * letters))
