"""The image task: tokens are the pixels of its pictures."""

import math

import numpy as np
import pytest
from sklearn.datasets import load_digits

from nas.errors import InputError
from nas.tasks.catalog import make_task
from nas.tasks.rng import Rng, Stream
from nas.tasks.task import IGNORED_TARGET
from nas.tasks.vision.image import ImageSettings, ImageTask
from nas.tasks.vision.pathfinder import draw_paths
from nas.tasks.vision.shapes import draw_shapes


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


@pytest.mark.parametrize("source", ["shapes", "pathfinder"])
def test_a_token_is_a_pixel_in_reading_order(source: str) -> None:
    task = ImageTask(ImageSettings(source=source, side=17))  # type: ignore[arg-type]
    draw = draw_shapes if source == "shapes" else draw_paths
    pictures = draw(Rng(3, Stream.TRAIN, 2), 4, 17)
    batch = task.train_batch(2, 4, seed=3)
    assert task.grid == (17, 17)
    assert np.array_equal(batch.tokens.reshape(4, 17, 17), pictures.pixels)
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
        assert np.array_equal(pictures.tokens, pixels.tokens)
        assert np.array_equal(pixels.targets[:, :-1], pixels.tokens[:, 1:])
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
