"""Timing by a clock that says what it is told to."""

from collections.abc import Callable

import numpy as np
import pytest

from nas.profiling.clock import ENOUGH_SECONDS, LEAST_TURNS, MOST_TURNS, time_in_turns


class Clock:
    """Stands still, except while functions run."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def taking(self, *seconds: float, calls: list[str], name: str = "") -> Callable[[], None]:
        """A function whose calls take these times, again and again; the first is the warm-up."""
        order = list(seconds)

        def run() -> None:
            calls.append(name)
            self.now += order[0]
            order.append(order.pop(0))

        return run


def test_the_warm_up_is_not_timed_and_functions_take_turns() -> None:
    clock, calls = Clock(), list[str]()
    slow = ENOUGH_SECONDS
    one = clock.taking(100.0, *[slow] * 99, calls=calls, name="one")
    other = clock.taking(50.0, *[2 * slow] * 99, calls=calls, name="other")
    timings = time_in_turns([one, other], clock)
    assert [timing.median_ms for timing in timings] == pytest.approx([1000 * slow, 2000 * slow])
    assert calls == ["one", "other"] * (1 + LEAST_TURNS)
    assert {timing.num_repeats for timing in timings} == {LEAST_TURNS}


def test_fast_functions_are_repeated_most_often() -> None:
    clock, calls = Clock(), list[str]()
    (timing,) = time_in_turns([clock.taking(1e-4, calls=calls)], clock)
    assert (timing.num_repeats, len(calls)) == (MOST_TURNS, MOST_TURNS + 1)


def test_the_median_and_the_interquartile_range_are_those_of_the_times() -> None:
    clock, times = Clock(), [0.3, 0.1, 0.2, 0.9, 0.25]
    (timing,) = time_in_turns([clock.taking(7.0, *times, calls=[])], clock)
    assert timing.num_repeats == len(times)
    assert timing.median_ms == pytest.approx(1000 * np.median(times))
    assert timing.iqr_ms == pytest.approx(1000 * (np.quantile(times, 0.75) - np.quantile(times, 0.25)))
