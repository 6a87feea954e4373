"""Pictures: what is drawn can be told from the tokens."""

import math
from math import hypot
from statistics import pstdev

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from nas.errors import InputError
from nas.tasks.catalog import make_task
from nas.tasks.draws import Draws, Stream
from nas.tasks.task import IGNORED_TARGET
from nas.tasks.vision.image import ImageSettings, ImageTask
from nas.tasks.vision.pathfinder import draw_paths
from nas.tasks.vision.shapes import SHAPES, draw_shapes

Rows = list[list[int]]


def draws() -> Draws:
    return Draws(5, Stream.TRAIN, 0)


def test_digits_are_those_of_scikit_learn_with_their_classes() -> None:
    digits = load_digits()
    class_of = {
        tuple(map(int, image.ravel())): label for image, label in zip(digits.images, digits.target, strict=True)
    }
    task = ImageTask(ImageSettings())
    held_out = list(task.validation_batches(100))
    for batch in (task.train_batch(0, 500, seed=0), *held_out):
        assert [class_of[tuple(row)] for row in batch.tokens.tolist()] == batch.targets.tolist()
    assert sum(len(batch.tokens) for batch in held_out) == 360


def test_every_digit_is_either_trained_on_or_held_out() -> None:
    task = ImageTask(ImageSettings())
    held_out = {tuple(row) for row in next(task.validation_batches(360)).tokens.tolist()}
    trained = {tuple(row) for row in task.train_batch(0, 30_000, seed=0).tokens.tolist()}
    assert held_out.isdisjoint(trained) and len(held_out) + len(trained) == 1797


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
    pictures = draw_shapes(draws(), 600, side)
    named = [name_shape(picture) for picture in pictures.pixels.tolist()]
    assert named == [SHAPES[label] for label in pictures.classes]
    assert np.bincount(pictures.classes).min() > 60


def test_shapes_lie_anywhere_and_in_all_sizes() -> None:
    bright = draw_shapes(draws(), 2000, 16).pixels > 8
    assert bright.any(axis=0).all()
    heights = bright.any(axis=2).sum(axis=1)
    assert heights.min() <= 7 and heights.max() >= 11


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
    pictures = draw_paths(draws(), 200, side)
    assert [ends_joined(picture) for picture in pictures.pixels.tolist()] == pictures.classes.tolist()
    assert 70 < pictures.classes.sum() < 130  # 4.2 standard deviations


def test_the_distance_of_the_ends_tells_little() -> None:
    pictures = draw_paths(draws(), 2000, 16)
    places = np.argwhere(pictures.pixels == 16).reshape(2000, 2, 3)[:, :, 1:]
    spans = np.hypot(*(places[:, 0] - places[:, 1]).T)
    best = max(
        ((spans > limit) == sign).mean()
        for limit in np.unique(spans)
        for sign in (pictures.classes == c for c in (0, 1))
    )
    assert best < 0.62


@pytest.mark.parametrize("source", ["shapes", "pathfinder"])
def test_a_token_is_a_pixel_in_reading_order(source: str) -> None:
    task = ImageTask(ImageSettings(source=source, side=17))  # type: ignore[arg-type]
    draw = draw_shapes if source == "shapes" else draw_paths
    pictures = draw(Draws(3, Stream.TRAIN, 2), 4, 17)
    batch = task.train_batch(2, 4, seed=3)
    assert task.grid == (17, 17)
    assert torch.equal(batch.tokens.view(4, 17, 17), torch.from_numpy(pictures.pixels))
    assert batch.targets.tolist() == pictures.classes.tolist()


@pytest.mark.parametrize("source", ["digits", "shapes"])
def test_the_next_pixel_is_asked_of_the_same_pictures(source: str) -> None:
    shown, asked = (
        make_task(ImageSettings(source=source, prediction=prediction))  # type: ignore[arg-type]
        for prediction in ("class", "next")
    )
    assert asked.causal and asked.grid == shown.grid and not shown.causal
    batches = [(task.train_batch(1, 3, seed=0), next(task.validation_batches(3))) for task in (shown, asked)]
    for pictures, pixels in zip(*batches, strict=True):
        assert torch.equal(pictures.tokens, pixels.tokens)
        assert torch.equal(pixels.targets[:, :-1], pixels.tokens[:, 1:])
        assert (pixels.targets[:, -1] == IGNORED_TARGET).all()
    assert asked.quality(math.log(17), 0.0) == pytest.approx(asked.chance)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "faces"}, r"^task\.source: unknown name; allowed: digits, shapes, pathfinder"),
        ({"prediction": "last"}, r"^task\.prediction: unknown name; allowed: class, next"),
        ({"side": 16}, r"^task\.side: must be 8 for digits, got 16"),
        ({"source": "shapes", "side": 8}, r"^task\.side: must be 16 to 32 for shapes, got 8"),
        ({"source": "pathfinder", "side": 33}, r"^task\.side: must be 16 to 32 for pathfinder, got 33"),
        ({"validation_sequences": 0}, r"^task\.validation_sequences: must be 1 or more, got 0"),
    ],
)
def test_a_setting_out_of_range_is_an_error_that_names_it(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ImageSettings(**options)  # type: ignore[arg-type]
