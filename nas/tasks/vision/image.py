"""The image task: classify a picture, or predict its next pixel, read row by row."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from nas.errors import InputError, unknown
from nas.tasks.generated import GeneratedSettings, GeneratedTask
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, Batch, Ids, Metric, Readout
from nas.tasks.vision.pathfinder import NUM_CLASSES as NUM_PATH_CLASSES
from nas.tasks.vision.pathfinder import draw_paths
from nas.tasks.vision.pictures import DIGITS_SIDE, NUM_DIGITS, WHITE, Pictures, read_digits
from nas.tasks.vision.shapes import SHAPES, draw_shapes

Source = Literal["digits", "shapes", "pathfinder"]

Prediction = Literal["class", "next"]

NUM_CLASSES: dict[str, int] = {"digits": NUM_DIGITS, "shapes": len(SHAPES), "pathfinder": NUM_PATH_CLASSES}

LEAST_SIDE, MOST_SIDE = 16, 32
"""Sides of drawn pictures, in pixels."""


@dataclass(kw_only=True, slots=True)
class ImageSettings(GeneratedSettings):
    """Which pictures, and what is predicted.

    Args:
        name: the task's name, `image`.
        source: `digits`, hand-written ones; `shapes`, drawn outlines; `pathfinder`, are two ends joined.
        side: rows and columns, in pixels: 8 for digits, 16 to 32 for the drawn ones; None for the least.
        prediction: `class`, what the picture shows; `next`, each pixel from those before it.
        validation_sequences: pictures of the validation set; of digits there are at most 360.
    """

    name: str = "image"
    source: Source = "digits"
    side: int | None = None
    prediction: Prediction = "class"

    def __post_init__(self) -> None:
        GeneratedSettings.__post_init__(self)
        if self.source not in get_args(Source):
            raise unknown("task.source", str(self.source), get_args(Source))
        if self.prediction not in get_args(Prediction):
            raise unknown("task.prediction", str(self.prediction), get_args(Prediction))
        least, most = (DIGITS_SIDE, DIGITS_SIDE) if self.source == "digits" else (LEAST_SIDE, MOST_SIDE)
        if self.side is not None and not least <= self.side <= most:
            allowed = f"must be {least}" + (f" to {most}" if most > least else "") + f" for {self.source}"
            raise InputError("task.side", allowed, self.side, "null takes the least.")

    @property
    def num_rows(self) -> int:
        """Rows, and columns, in pixels."""
        return self.side or (DIGITS_SIDE if self.source == "digits" else LEAST_SIDE)


class ImageTask(GeneratedTask[ImageSettings]):
    """Pictures, scored by the share of right classes; passes `nas.tasks.task.Task`.

    Tokens are grey levels; a class is the token of its number.
    """

    name = "image"
    causal = False
    vocab_size = WHITE + 1
    readout: Readout = "mean"
    metric = Metric("accuracy", "share of pictures", "maximize")

    def __init__(self, settings: ImageSettings) -> None:
        self.grid: tuple[int, int] | None = (settings.num_rows, settings.num_rows)
        self.num_tokens = settings.num_rows**2
        self.chance = 1 / NUM_CLASSES[settings.source]
        super().__init__(settings)

    def longer(self, times: int) -> None:
        """None: a larger picture is another task."""

    def _draw(self, rng: Rng, batch_size: int) -> Batch:
        return self._ask(_pictures(rng, batch_size, self._settings))

    def _hold_out(self) -> Batch:
        if self._settings.source != "digits":
            return super()._hold_out()
        _, held_out = read_digits()
        return next(self._ask(held_out).parts(self._settings.validation_sequences))

    def _ask(self, pictures: Pictures) -> Batch:
        """The tokens and targets of pictures."""
        return Batch(_as_tokens(pictures), pictures.classes)


class NextPixelTask(ImageTask):
    """Every next pixel of pictures, scored in bits per pixel; passes `nas.tasks.task.Task`.

    Source: density modeling of images as sequences, as in Child et al. 2019 (Sparse Transformer), section 7.1.
    """

    causal = True
    readout: Readout = "each"
    metric = Metric("bits_per_pixel", "bits per pixel", "minimize")

    def __init__(self, settings: ImageSettings) -> None:
        super().__init__(settings)
        self.chance = math.log2(self.vocab_size)

    def quality(self, loss: float, accuracy: float) -> float:
        """Bits per pixel; the first pixel of a picture is not scored."""
        return loss / math.log(2)

    def _ask(self, pictures: Pictures) -> Batch:
        tokens = _as_tokens(pictures)
        targets = np.full_like(tokens, IGNORED_TARGET)
        targets[:, :-1] = tokens[:, 1:]
        return Batch(tokens, targets)


def _pictures(rng: Rng, count: int, settings: ImageSettings) -> Pictures:
    """Pictures to train on, or drawn ones for any purpose."""
    if settings.source == "shapes":
        return draw_shapes(rng, count, settings.num_rows)
    if settings.source == "pathfinder":
        return draw_paths(rng, count, settings.num_rows)
    train, _ = read_digits()
    chosen = rng.integers(len(train.classes), count)
    return Pictures(train.pixels[chosen], train.classes[chosen])


def _as_tokens(pictures: Pictures) -> Ids:
    """Pixels in reading order, int64, shape (pictures, pixels)."""
    return pictures.pixels.reshape(len(pictures.pixels), -1)
