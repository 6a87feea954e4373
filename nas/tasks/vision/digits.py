"""The digits that scikit-learn brings along: 1,797 hand-written ones of 8 x 8 pixels."""

from functools import cache

import numpy as np

from nas.tasks.vision.picture import Pictures

SIDE = 8
NUM_CLASSES = 10
NUM_HELD_OUT = 360
"""The last fifth of the file."""


@cache
def read_digits() -> tuple[Pictures, Pictures]:
    """(train, held out), both in the order of the file.

    Source: Alpaydin and Kaynak 1998, the test set of "Optical Recognition of Handwritten Digits" (UCI), as
    `sklearn.datasets.load_digits` has it, with grey levels 0 to 16.
    """
    from sklearn.datasets import load_digits  # takes most of a second, which other tasks need not wait for

    digits = load_digits()
    pixels, classes = digits.images.astype(np.int64), digits.target.astype(np.int64)
    train, held_out = slice(-NUM_HELD_OUT), slice(-NUM_HELD_OUT, None)
    return Pictures(pixels[train], classes[train]), Pictures(pixels[held_out], classes[held_out])
