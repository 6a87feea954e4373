"""Whether two ends are joined can be told from the picture, and not from their distance."""

import numpy as np
import pytest

from nas.tasks.rng import Rng, Stream
from nas.tasks.vision.pathfinder import draw_paths

Rows = list[list[int]]


def rng() -> Rng:
    return Rng(5, Stream.TRAIN, 0)


def ends_joined(picture: Rows) -> int:
    """Whether the white pixels are joined by steps of at most two pixels over drawn ones."""
    drawn = {(row, column) for row, line in enumerate(picture) for column, level in enumerate(line) if level}
    start, end = [(row, column) for row, line in enumerate(picture) for column, level in enumerate(line) if level == 16]
    reached, waiting = {start}, [start]
    while waiting:
        row, column = waiting.pop()
        near = {(row + down, column + right) for down in range(-2, 3) for right in range(-2, 3)} & drawn - reached
        reached |= near
        waiting.extend(near)
    return int(end in reached)


@pytest.mark.parametrize("side", [16, 21, 32])
def test_joined_ends_are_found_by_following_the_dashes(side: int) -> None:
    pictures = draw_paths(rng(), 200, side)
    assert [ends_joined(picture) for picture in pictures.pixels.tolist()] == pictures.classes.tolist()
    assert 70 < pictures.classes.sum() < 130  # 4.2 standard deviations


def test_the_distance_of_the_ends_tells_little() -> None:
    pictures = draw_paths(rng(), 2000, 16)
    places = np.argwhere(pictures.pixels == 16).reshape(2000, 2, 3)[:, :, 1:]
    spans = np.hypot(*(places[:, 0] - places[:, 1]).T)
    best = max(
        ((spans > limit) == sign).mean()
        for limit in np.unique(spans)
        for sign in (pictures.classes == c for c in (0, 1))
    )
    assert best < 0.62
