import numpy as np
from sklearn.datasets import load_digits

from nas.tasks.vision.pictures import DIGITS_SIDE, NUM_DIGITS, NUM_HELD_OUT, WHITE, read_digits


def test_digits_are_split_in_the_order_of_the_file() -> None:
    file, (train, held_out) = load_digits(), read_digits()
    assert len(held_out.classes) == NUM_HELD_OUT
    assert np.array_equal(np.concatenate([train.pixels, held_out.pixels]), file.images)
    assert np.array_equal(np.concatenate([train.classes, held_out.classes]), file.target)
    assert train.pixels.shape[1:] == (DIGITS_SIDE, DIGITS_SIDE) and train.pixels.dtype == np.int64
    assert (train.pixels.min(), train.pixels.max()) == (0, WHITE)
    assert set(train.classes.tolist()) == set(held_out.classes.tolist()) == set(range(NUM_DIGITS))
