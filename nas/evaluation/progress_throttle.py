"""Progress of a cohort, reported at most twice a second."""

import time
from collections.abc import Callable, Sequence

OnProgress = Callable[[int, int, int], None]
"""Called with (index of the member, steps done, steps in all)."""

SECONDS_BETWEEN_NEWS = 0.5


class ProgressThrottle:
    """Reports how far a cohort is, seldom enough to cost nothing.

    Args:
        num_members: members of the cohort.
        done: optimiser steps done before.
        num_steps: optimiser steps in all, those done before included.
        on_progress: called for every member; None to report nothing.
    """

    def __init__(self, num_members: int, done: int, num_steps: int, on_progress: OnProgress | None) -> None:
        self._num_members, self._done, self._num_steps = num_members, done, num_steps
        self._on_progress, self._told = on_progress, 0.0
        self._tell()

    def stepped(self) -> None:
        """Count one optimiser step."""
        self._done += 1
        if self._done == self._num_steps or time.monotonic() - self._told >= SECONDS_BETWEEN_NEWS:
            self._tell()

    def still_here(self) -> None:
        """Report the same step again, between steps that take long: silence is taken for a hang."""
        if time.monotonic() - self._told >= SECONDS_BETWEEN_NEWS:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        if self._on_progress is not None:
            for index in range(self._num_members):
                self._on_progress(index, self._done, self._num_steps)


def for_part(on_progress: OnProgress, part: Sequence[int]) -> OnProgress:
    """Progress of some of the members, reported under their numbers in the whole."""
    return lambda member, step, num_steps: on_progress(part[member], step, num_steps)
