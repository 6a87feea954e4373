"""The progress of a search as a file in its folder, for `nas list` and `nas serve`."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from nas.files import write_json
from nas.report.progress.tally import Tally
from nas.results.codec import to_document
from nas.results.progress import PROGRESS_FILE

SECONDS_BETWEEN = 2.0
"""Least time between two writings: each waits for the disk."""


class ProgressFile(Tally):
    """Writes progress.json when a stage begins, and in between every SECONDS_BETWEEN at most.

    Args:
        clock: the current time in seconds; only differences count.
        time_of_day: the time in seconds since 1970 (UTC).
        command: the words after `nas search` that run the study; None if there are none that may be kept.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        time_of_day: Callable[[], float] = time.time,
        *,
        command: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(clock)
        self._time_of_day, self._command, self._written = time_of_day, command, float("-inf")

    def changed(self, stage_began: bool = False) -> None:
        """See `Tally`."""
        if not stage_began and self._clock() - self._written < SECONDS_BETWEEN:
            return
        self._written = self._clock()
        progress = replace(self.progress(self._time_of_day()), command=self._command)
        write_json(self.info.folder / PROGRESS_FILE, to_document(progress))
