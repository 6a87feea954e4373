"""Pictures of dashed paths: are the two marked ends those of one path?"""

from collections.abc import Iterator

import numpy as np

from nas.tasks.rng import Rng
from nas.tasks.vision.pictures import WHITE, Pictures

NUM_CLASSES = 2
INK = WHITE // 2
"""Grey level of the dashes; the two marked ends are white, the ground is black."""

DASH, GAP = 2, 1
"""Pixels of a path that are drawn and left out, in turn."""

CLEARANCE = 2
"""Pixels around a path that no other path enters: wider than GAP, so that what belongs together is never in doubt."""

_STEPS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))

_TURNS = ((0, 1, -1), (0, -1, 1), (1, 0, -1), (-1, 0, 1))
"""What is tried in turn: straight on first in half of the cases."""

Pixel = tuple[int, int]
Path = list[Pixel]


def draw_paths(rng: Rng, count: int, side: int) -> Pictures:
    """Two long paths and some short ones; in half of the pictures both ends of a long one are marked (class 1).

    In the others one end of each long path is marked, of the four choices the one whose ends are about as far apart
    as those of the first path: what is drawn differs in the marks alone, and their distance tells little.

    Args:
        rng: where the randomness comes from.
        count: pictures.
        side: rows and columns, in pixels, 16 or more.

    Source: Linsley et al. 2018, as in the Long Range Arena's Pathfinder (Tay et al. 2021), in small.
    """
    classes = rng.integers(NUM_CLASSES, count)
    numbers = rng.numbers()
    pixels = np.zeros((count, side, side), dtype=np.int64)
    for picture, joined in zip(pixels, classes.tolist(), strict=True):
        paths = _draw_all(numbers, side)
        for path in paths:
            for pixel in _dashes(path):
                picture[pixel] = INK
        for pixel in _marked(paths[0], paths[1], joined):
            picture[pixel] = WHITE
    return Pictures(pixels, classes)


def _draw_all(numbers: Iterator[float], side: int) -> list[Path]:
    """Two paths of about 3/4 of a side, then side // 16 of half that length, none near another."""
    long, short = _whole_dashes(3 * side // 4), _whole_dashes(3 * side // 8)
    lengths = [long, long, *[short] * (side // 16)]
    while True:
        taken: set[Pixel] = set()
        paths: list[Path] = []
        for length in lengths:
            path = _try_path(numbers, side, length, taken)
            if path is None:
                break
            paths.append(path)
            taken.update(near for pixel in path for near in _around(pixel, CLEARANCE))
        if len(paths) == len(lengths):
            return paths


def _try_path(numbers: Iterator[float], side: int, length: int, taken: set[Pixel], tries: int = 20) -> Path | None:
    """A path that keeps clear of what is taken and of itself; None after some tries."""
    for _ in range(tries):
        path = _walk(numbers, side, length, taken)
        if len(path) == length:
            return path
    return None


def _walk(numbers: Iterator[float], side: int, length: int, taken: set[Pixel]) -> Path:
    """Steps from pixel to pixel that turn by 45 degrees at most; stops short where there is no way on."""
    pixel = (int(next(numbers) * side), int(next(numbers) * side))
    direction = int(next(numbers) * 8)
    path: Path = [] if pixel in taken else [pixel]
    touched: set[Pixel] = set()  # the surroundings of all but the last two pixels
    while path and len(path) < length:
        if len(path) > 2:
            touched.update(_around(path[-3], 1))
        for turn in _TURNS[int(next(numbers) * len(_TURNS))]:
            down, right = _STEPS[(direction + turn) % 8]
            pixel = (path[-1][0] + down, path[-1][1] + right)
            if _inside(pixel, side) and pixel not in taken and pixel not in touched:
                break
        else:
            return path
        direction += turn
        path.append(pixel)
    return path


def _inside(pixel: Pixel, side: int) -> bool:
    return 0 <= pixel[0] < side and 0 <= pixel[1] < side


def _around(pixel: Pixel, reach: int) -> Iterator[Pixel]:
    """The square of pixels up to `reach` away."""
    steps = range(-reach, reach + 1)
    return ((pixel[0] + down, pixel[1] + right) for down in steps for right in steps)


def _whole_dashes(length: int) -> int:
    """The longest length up to this one at which a path ends with a drawn pixel."""
    return length - GAP if length % (DASH + GAP) == 0 else length


def _dashes(path: Path) -> Path:
    return [pixel for place, pixel in enumerate(path) if place % (DASH + GAP) < DASH]


def _marked(one: Path, other: Path, joined: int) -> tuple[Pixel, Pixel]:
    if joined:
        return one[0], one[-1]
    span = _distance(one[0], one[-1])
    pairs = [(start, end) for start in (one[0], one[-1]) for end in (other[0], other[-1])]
    return min(pairs, key=lambda pair: abs(_distance(*pair) - span))


def _distance(one: Pixel, other: Pixel) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))
