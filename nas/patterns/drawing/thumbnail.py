"""A pattern as a small PNG for tables: its different masks side by side, a row for layers that attend alike."""

from io import BytesIO
from itertools import islice
from math import prod

import numpy as np
from matplotlib.image import imsave
from numpy.typing import NDArray

from nas.errors import NasError
from nas.patterns.drawing.layout import panel_rows
from nas.patterns.drawing.picture import cell_colours
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern

MOST_TOKENS = 4096
"""No longer sequence is drawn, as drawing takes time in proportion."""
MOST_ROWS, MOST_PANELS = 4, 4
"""Rows of masks, and masks in a row; further ones are left out."""
_SIDE, _GAP = 64, 2
"""Pixels of a mask's side, and between two of them."""
_PAPER, _UNKNOWN = 1.0, 0.8
"""Grey levels of the ground, and of a mask with too many shapes to be drawn."""


def thumbnail_png(pattern: ModelPattern, num_tokens: int) -> bytes:
    """The bytes of a PNG file of at most 264 by 264 pixels, without any text.

    Args:
        pattern: any pattern.
        num_tokens: the length that is drawn, in tokens, at most MOST_TOKENS; a pattern with a grid has its own.
    """
    length = min(prod(pattern.grid) if pattern.grid else num_tokens, MOST_TOKENS)
    rows = [[panel.head for panel in row[:MOST_PANELS]] for row in islice(panel_rows(pattern), MOST_ROWS)]
    step = _SIDE + _GAP
    image = np.full((len(rows) * step - _GAP, max(map(len, rows)) * step - _GAP, 3), _PAPER)
    for top, heads in enumerate(rows):
        for left, head in enumerate(heads):
            image[top * step : top * step + _SIDE, left * step : left * step + _SIDE] = _mask(head, length)
    png = BytesIO()
    imsave(png, image, format="png", metadata={"Software": "nas"})
    return png.getvalue()


def _mask(head: HeadPattern, num_tokens: int) -> NDArray[np.float64]:
    """Red, green and blue of each pixel, shape (side, side, 3)."""
    num_cells = min(num_tokens, _SIDE)
    try:
        cells = cell_colours(head, num_tokens, num_cells)
    except NasError:
        return np.full((_SIDE, _SIDE, 3), _UNKNOWN)
    places = np.arange(_SIDE) * num_cells // _SIDE
    return cells[np.ix_(places, places)]
