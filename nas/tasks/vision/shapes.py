"""Pictures of drawn outlines: which shape is it?"""

import numpy as np
from numpy.typing import NDArray

from nas.tasks.rng import Rng
from nas.tasks.vision.pictures import WHITE, Pictures

SHAPES = ("circle", "square", "diamond", "triangle", "plus", "cross")
"""What is drawn; the class of a picture is its place here."""

NOISE = 0.3
"""Most brightness of the ground, as a share of white."""

LEAST_INK = 0.7
"""Least brightness of a line, as a share of white."""

_Field = NDArray[np.float64]


def draw_shapes(rng: Rng, count: int, side: int) -> Pictures:
    """Outlines at any place where they fit, on a noisy ground.

    The radius is drawn from side / 5 to side / 3; lines are about 1.5 pixels wide, and everywhere brighter than
    the ground.

    Args:
        rng: where the randomness comes from.
        count: pictures.
        side: rows and columns, in pixels.
    """
    classes = rng.integers(len(SHAPES), count)
    radius = side * (3 + 2 * rng.uniform(count)) / 15
    corner = rng.uniform(count, 2) * (side - 1 - 2 * radius[:, None])
    row, column = np.moveaxis(corner + radius[:, None], 1, 0)[:, :, None, None]
    rows, columns = np.mgrid[:side, :side]
    distance = _distance(classes, columns - column, rows - row, radius[:, None, None])

    ink = LEAST_INK + (1 - LEAST_INK) * rng.uniform(count, 1, 1)
    ground = NOISE * rng.uniform(count, side, side)
    brightness = np.where(distance <= 0.75, ink, ground)
    return Pictures(np.rint(WHITE * brightness).astype(np.int64), classes)


def _distance(classes: NDArray[np.int64], x: _Field, y: _Field, radius: _Field) -> _Field:
    """Pixels between each place and the nearest line, shape (pictures, side, side); y points down."""
    across, down = np.abs(x), np.abs(y)
    steep = (2 * x - y) / 5**0.5, (-2 * x - y) / 5**0.5  # sides that rise from the lower corners to the top
    lower = radius / 5**0.5
    fields = [
        np.abs(np.hypot(x, y) - radius),
        np.abs(np.maximum(across, down) - radius),
        np.abs(across + down - radius) / 2**0.5,
        np.abs(np.maximum(np.maximum(*steep) - lower, y - radius)),
        np.maximum(np.minimum(across, down), np.maximum(across, down) - radius),
        np.maximum(np.abs(across - down) / 2**0.5, np.maximum(across, down) - radius),
    ]
    return np.choose(classes[:, None, None], fields)
