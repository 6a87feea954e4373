"""Timing: functions take turns, so that a slow spell of the machine hits all of them alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

LEAST_TURNS = 5
"""Fewest timed runs of each function."""
MOST_TURNS = 50
"""Most timed runs of each function."""
ENOUGH_SECONDS = 0.5
"""After LEAST_TURNS, no further turn begins when the functions have taken this long on average, in seconds."""

Clock = Callable[[], float]
"""A monotonic clock, in seconds; on a GPU it first waits until the device is idle."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of one function.

    Args:
        median_ms: their median, in milliseconds.
        iqr_ms: their interquartile range, in milliseconds.
        num_repeats: how many there are.
    """

    median_ms: float
    iqr_ms: float
    num_repeats: int


def time_in_turns(functions: Sequence[Callable[[], object]], clock: Clock) -> list[Timing]:
    """Time functions, one call of each per turn, after a turn that is not timed and warms caches and compilers up.

    Args:
        functions: what is timed; what they return is dropped within the time.
        clock: read before and after each call.
    """
    for function in functions:
        function()
    times: list[list[float]] = [[] for _ in functions]
    for turn in range(MOST_TURNS):
        if turn >= LEAST_TURNS and sum(map(sum, times)) >= ENOUGH_SECONDS * len(functions):
            break
        for function, own in zip(functions, times, strict=True):
            started = clock()
            function()
            own.append(clock() - started)
    return [_summary(own) for own in times]


def _summary(seconds: Sequence[float]) -> Timing:
    low, median, high = (float(quantile) for quantile in np.quantile(seconds, [0.25, 0.5, 0.75]))
    return Timing(1000 * median, 1000 * (high - low), len(seconds))
