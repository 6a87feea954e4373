"""The time left follows the pace of the work, with a clock that the test moves."""

import pytest

from nas.report.progress.time_left import PACE_SECONDS, SOONEST_SECONDS, TimeLeft


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_is_unknown_before_there_is_a_pace() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    assert left.seconds is None
    left.update(10, 1000)
    clock.now += SOONEST_SECONDS - 0.1
    left.update(20, 1000)
    assert left.seconds is None
    clock.now += 0.1
    left.update(10, 1000)
    assert left.seconds is None, "nothing was done"


def test_the_time_before_the_first_step_does_not_count() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    for _ in range(100):
        left.update(0, 1001)
        clock.now += 1
    left.update(1, 1001)
    clock.now += 10
    left.update(101, 1001)
    assert left.seconds == pytest.approx(90)


def test_a_steady_pace_gives_the_rest_over_the_pace() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    for second in range(61):
        left.update(20.0 * second, 6000)
        clock.now += 1
    assert left.seconds == pytest.approx((6000 - 1200) / 20, rel=0.02)


def test_more_work_lengthens_it_at_once() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.update(1, 101)
    clock.now += 10
    left.update(51, 101)
    assert left.seconds == pytest.approx(10)
    left.update(51, 201)
    assert left.seconds == pytest.approx(30)


def test_an_old_pace_is_forgotten() -> None:
    clock = Clock()
    left, done = TimeLeft(clock), 0.0
    for pace, seconds in ((100.0, 3000), (10.0, round(PACE_SECONDS) + 10)):
        for _ in range(0, seconds, 5):
            left.update(done, 1e6)
            clock.now += 5
            done += 5 * pace
    assert left.seconds == pytest.approx((1e6 - done) / 10, rel=0.02)
