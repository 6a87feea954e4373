"""Which shape was drawn can be told from the picture."""

from math import hypot
from statistics import pstdev

import numpy as np
import pytest

from nas.tasks.rng import Rng, Stream
from nas.tasks.vision.shapes import SHAPES, draw_shapes

Rows = list[list[int]]


def rng() -> Rng:
    return Rng(5, Stream.TRAIN, 0)


def name_shape(picture: Rows) -> str:
    """Which outline it is: full rows at its ends, then what lies in the middle, then which distance varies least."""
    bright = [(row, column) for row, line in enumerate(picture) for column, level in enumerate(line) if level > 8]
    top, bottom = min(row for row, _ in bright), max(row for row, _ in bright)
    left, right = min(column for _, column in bright), max(column for _, column in bright)
    width = right - left + 1

    def is_full(row: int) -> bool:
        return sum(y == row for y, _ in bright) > 0.8 * width

    if is_full(bottom):
        return "square" if is_full(top) else "triangle"
    y_middle, x_middle = (top + bottom) / 2, (left + right) / 2
    around = [(abs(row - y_middle), abs(column - x_middle)) for row, column in bright]
    if any(y <= 0.5 and x <= 0.5 for y, x in around):
        return "cross" if max(y + x for y, x in around) > 0.7 * width else "plus"
    is_round = pstdev(hypot(y, x) for y, x in around) < pstdev((y + x) / 2**0.5 for y, x in around)
    return "circle" if is_round else "diamond"


@pytest.mark.parametrize("side", [16, 23, 32])
def test_shapes_are_told_by_their_lines(side: int) -> None:
    pictures = draw_shapes(rng(), 600, side)
    named = [name_shape(picture) for picture in pictures.pixels.tolist()]
    assert named == [SHAPES[label] for label in pictures.classes]
    assert np.bincount(pictures.classes).min() > 60


def test_shapes_lie_anywhere_and_in_all_sizes() -> None:
    bright = draw_shapes(rng(), 2000, 16).pixels > 8
    assert bright.any(axis=0).all()
    heights = bright.any(axis=2).sum(axis=1)
    assert heights.min() <= 7 and heights.max() >= 11
