"""The time that a study still takes, by the pace of its last minutes."""

import time
from collections import deque
from collections.abc import Callable

PACE_SECONDS = 900.0
"""The pace is that of the last quarter of an hour: several trials with their scoring, and no more of the past."""

SOONEST_SECONDS = 4.0
"""A shorter time than this says little about the pace."""


class TimeLeft:
    """Estimates the time left from how fast work has been done.

    Args:
        clock: the current time in seconds; only differences count.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()
        self._rest = 0.0

    def update(self, done: float, expected: float) -> None:
        """Note how much work is done, and how much there is in all, in any unit."""
        now = self._clock()
        self._rest = expected - done
        if done <= 0:  # workers that are still starting have no pace
            return
        if self._seen and now - self._seen[-1][0] < SOONEST_SECONDS / 4 and len(self._seen) > 1:
            self._seen.pop()
        self._seen.append((now, done))
        while self._seen[0][0] < now - PACE_SECONDS:
            self._seen.popleft()

    @property
    def seconds(self) -> float | None:
        """The time left, in seconds; None while it is too early to say."""
        if not self._seen:
            return None
        (start, before), (now, done) = self._seen[0], self._seen[-1]
        if now - start < SOONEST_SECONDS or done <= before:
            return None
        return self._rest * (now - start) / (done - before)
