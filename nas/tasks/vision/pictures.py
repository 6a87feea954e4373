"""Pictures in shades of grey, and the handwritten digits that scikit-learn ships."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

WHITE = 16
"""The brightest grey level; 0 is the darkest."""

DIGITS_SIDE = 8
NUM_DIGITS = 10
NUM_HELD_OUT = 360
"""The last fifth of the 1,797 digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Some pictures of one size, each with its class.

    Args:
        pixels: grey levels 0 to WHITE, int64, shape (pictures, side, side).
        classes: class of each, from 0, int64, shape (pictures,).
    """

    pixels: NDArray[np.int64]
    classes: NDArray[np.int64]


@cache
def read_digits() -> tuple[Pictures, Pictures]:
    """Handwritten digits of 8 x 8 pixels: (train, held out), both in the order of the file.

    Source: Alpaydin and Kaynak 1998, the test set of "Optical Recognition of Handwritten Digits" (UCI), as
    `sklearn.datasets.load_digits` has it, with grey levels 0 to 16.
    """
    from sklearn.datasets import load_digits  # takes most of a second, which other tasks need not wait for

    digits = load_digits()
    pixels, classes = digits.images.astype(np.int64), digits.target.astype(np.int64)
    train, held_out = slice(-NUM_HELD_OUT), slice(-NUM_HELD_OUT, None)
    return Pictures(pixels[train], classes[train]), Pictures(pixels[held_out], classes[held_out])
