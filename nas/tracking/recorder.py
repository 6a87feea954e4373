"""The recorder: a thread that passes runs to the worker while the search continues, and counts failures."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Full, Queue
from threading import Thread

from nas.tracking.child import Child
from nas.tracking.ledger import Ledger
from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings

_LOG = logging.getLogger("nas.tracking")

_LONGEST_QUEUE = 256
_PATIENCE = 3
"""Consecutive failures after which nothing is sent to W&B until the study ends."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcome of recording the runs of a study.

    Args:
        num_runs: runs to record.
        num_missing: those that were not recorded.
        first_failure: the cause of the first failure, in one line; empty without failures.
    """

    num_runs: int
    num_missing: int
    first_failure: str


class Recorder:
    """Takes runs without making the caller wait before `finish`.

    No failure of W&B raises here. The first is logged in one line, later ones are counted.

    Args:
        settings: mode (not none), project and entity.
        folder: the study folder; it must exist.
        fresh: record all runs, even those recorded before.
        seconds_per_run: longest time for one run.
    """

    def __init__(
        self, settings: TrackingSettings, folder: Path, *, fresh: bool = False, seconds_per_run: float = 30.0
    ) -> None:
        self._settings, self._folder, self._seconds = settings, folder, seconds_per_run
        self._ledger = Ledger(folder, settings, fresh=fresh)
        self._queue: Queue[Callable[[], Run] | None] = Queue(_LONGEST_QUEUE)
        self._child: Child | None = None
        self._num_settled, self._failures_in_a_row, self._first_failure = 0, 0, ""
        self._thread = Thread(target=self._work, name="nas.tracking", daemon=True)
        self._thread.start()

    def submit(self, make_run: Callable[[], Run]) -> None:
        """Queue a run unless the queue is full; `finish` records what is missing.

        Args:
            make_run: makes its content, in the recorder's thread.
        """
        with suppress(Full):
            self._queue.put_nowait(make_run)

    def finish(self, runs: Sequence[Run]) -> Recorded:
        """Record what is missing, wait as long as there is progress, and stop.

        After many failures W&B gets one more attempt: it may be back, and if not, the wait is short.

        Args:
            runs: all runs that W&B should hold at the end.
        """
        self._failures_in_a_row = min(self._failures_in_a_row, _PATIENCE - 1)
        with suppress(Full):
            for item in (*(partial(_as_it_is, run) for run in runs), None):
                self._queue.put(item, timeout=2 * self._seconds)
            self._await_thread()
        if self._thread.is_alive():
            self._abandon()
        num_missing = sum(not self._ledger.holds(run) for run in runs)
        return Recorded(len(runs), num_missing, self._first_failure)

    def _await_thread(self) -> None:
        num_settled = -1
        while self._thread.is_alive() and num_settled != self._num_settled:
            num_settled = self._num_settled
            self._thread.join(2 * self._seconds)

    def _abandon(self) -> None:
        """Kill a worker that does not exit on its own, and skip the runs that still wait."""
        self._failures_in_a_row = _PATIENCE
        if self._child is not None:
            self._child.kill()
        self._thread.join(self._seconds)  # it learns why, and says so

    def _work(self) -> None:
        while (make_run := self._queue.get()) is not None:
            if self._failures_in_a_row < _PATIENCE:
                self._record(make_run)
            self._num_settled += 1
        self._close_child()

    def _record(self, make_run: Callable[[], Run]) -> None:
        name = "a run"
        try:
            run = make_run()
            name = run.name
            if self._ledger.holds(run):
                return
            self._child = self._child or Child(self._settings, self._folder, self._seconds)
            self._child.record(run)
            self._ledger.add(run)
            self._failures_in_a_row = 0
        except Exception as error:  # whatever it is, the search must continue
            self._failures_in_a_row += 1
            if not self._first_failure:
                self._first_failure = str(error)
                _LOG.warning("tracking: W&B did not record %s: %s. The search continues.", name, error)
            self._close_child()

    def _close_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()


def _as_it_is(run: Run) -> Run:
    return run
