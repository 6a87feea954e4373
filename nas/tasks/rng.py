"""Random numbers that are a pure function of (seed, stream, step)."""

from collections.abc import Iterator
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

_DRAWN_AT_ONCE = 1024


class Stream(IntEnum):
    """What random numbers are for; different streams of one seed never share a number."""

    TRAIN = 0
    VALIDATION = 1


class Rng:
    """A source of random numbers for one batch.

    The numbers are the raw output of Philox-4x64, a counter-based generator (Salmon et al. 2011), with
    key (seed, stream) and counter (0, 0, 0, step). They are turned into integers and floats here rather
    than by numpy's Generator, whose methods may change between versions.
    """

    def __init__(self, seed: int, stream: Stream, step: int) -> None:
        """Start at the first number of a step.

        Args:
            seed: 0 or more, below 2**64.
            stream: what the numbers are for.
            step: training step or batch number, 0 or more; a step holds 2**192 numbers.
        """
        assert 0 <= seed < 2**64 and 0 <= step < 2**64
        key = np.array([seed, stream], dtype=np.uint64)
        counter = np.array([0, 0, 0, step], dtype=np.uint64)
        self._bits = np.random.Philox(key=key, counter=counter)

    def uniform(self, *shape: int) -> NDArray[np.float64]:
        """Numbers in the open interval (0, 1), in steps of 2**-52: never 0 or 1, whose logarithms would not do."""
        return ((self._raw(shape) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52

    def integers(self, bound: int, *shape: int) -> NDArray[np.int64]:
        """Integers from 0 to bound - 1; the bias of the remainder is below bound / 2**64."""
        return (self._raw(shape) % np.uint64(bound)).astype(np.int64)

    def numbers(self) -> Iterator[float]:
        """Numbers as of `uniform` without end, for generators that cannot know how many they need."""
        while True:
            yield from self.uniform(_DRAWN_AT_ONCE).tolist()

    def distinct(self, bound: int, count: int, num_rows: int) -> NDArray[np.int64]:
        """Rows of `count` different integers from 0 to bound - 1 in random order, shape (num_rows, count)."""
        return _smallest(self.uniform(num_rows, bound), count)

    def distinct_weighted(self, weights: NDArray[np.float64], count: int, num_rows: int) -> NDArray[np.int64]:
        """Like `distinct`, drawn one after the other with chances proportional to `weights`.

        An exponential race: item i finishes after a time drawn from Exp(weights[i]), and the order of
        arrival is that of drawing without replacement (Efraimidis and Spirakis 2006).
        """
        finish = -np.log(self.uniform(num_rows, len(weights))) / weights
        return _smallest(finish, count)

    def _raw(self, shape: tuple[int, ...]) -> NDArray[np.uint64]:
        raw: NDArray[np.uint64] = self._bits.random_raw(int(np.prod(shape)))
        return raw.reshape(shape)


def _smallest(values: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Columns of the `count` smallest values of every row, smallest first."""
    if count < values.shape[1]:
        columns = np.argpartition(values, count - 1, axis=1)[:, :count]
    else:
        columns = np.broadcast_to(np.arange(count), values.shape)
    order = np.argsort(np.take_along_axis(values, columns, axis=1), axis=1)
    return np.take_along_axis(columns, order, axis=1)
