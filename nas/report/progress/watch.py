"""Watchers of a study: a live display on a terminal, plain lines elsewhere."""

import math
import time
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console

from nas.report.progress.lines import (
    advanced_line,
    confirmation_line,
    confirmed_line,
    finished_line,
    larger_line,
    larger_runs_line,
    long_runs_line,
    preparation_line,
    started_line,
    time_left,
    trial_line,
)
from nas.report.progress.live import LiveProgress
from nas.report.progress.time_left import TimeLeft
from nas.report.progress.workload import Workload
from nas.results.cost import Cost
from nas.results.front import Front
from nas.results.measurement import Measurement
from nas.results.observer import Observer, Preparation, Progress, StudyInfo, StudyPlan
from nas.results.trial import Trial, TrialState


def make_progress(console: Console) -> Observer:
    """The watcher that fits the console."""
    return LiveProgress(console) if console.is_terminal else PlainProgress(console)


class PlainProgress(Observer):
    """Prints a line for every finished trial and rung, and nothing that would be overwritten.

    The time left has a line of its own as soon as it can be told, and whenever it has halved since.

    Args:
        console: where the lines go.
        clock: the current time in seconds, for the time left.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._left, self._left_before = TimeLeft(clock), TimeLeft(clock)
        self._prepared = ""
        self._told, self._shown = math.inf, ""
        self._full_cost: Cost | None = None
        self._num_done = 0

    def preparation_progressed(self, preparation: Preparation) -> None:
        """See `Observer`; a line for every part, and one whenever the time left has halved."""
        self._left_before.update(preparation.share_done, 1.0)
        seconds = self._left_before.seconds
        halved = seconds is not None and seconds <= self._told / 2
        if preparation.what == self._prepared and not halved:
            return
        self._prepared = preparation.what
        self._told = self._told if seconds is None else seconds
        self._print(preparation_line(preparation, seconds))

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        done = [trial for trial in known if trial.state is not TrialState.RUNNING]
        self._info, self._plan, self._num_done = info, plan, len(done)
        self._work = Workload(plan, info.scores, done)
        self._told = math.inf
        self._remember_full(done)
        self._print(started_line(info, plan, len(done)))

    def training_progressed(self, progress: Progress) -> None:
        """See `Observer`."""
        self._work.progressed(progress)
        self._tell_time_left()

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._work.reached_rung(trial)
        self._print(advanced_line(trial, self._info.objectives, self._plan.rungs[-1]))

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        self._num_done += 1
        self._work.finished(trial)
        self._remember_full([trial])
        self._print(trial_line(trial, self._info.objectives, self._full_cost, self._num_done, self._plan.num_trials))

    def confirmation_started(self, num_trials: int) -> None:
        """See `Observer`."""
        self._work.announced(num_trials, self._plan.rungs[-1])
        self._print(confirmation_line(num_trials))

    def long_runs_started(self, num_runs: int) -> None:
        """See `Observer`."""
        self._work.announced(num_runs, self._plan.long_steps)
        self._print(long_runs_line(num_runs))

    def larger_runs_started(self, num_runs: int) -> None:
        """See `Observer`."""
        self._work.announced_larger(num_runs)
        self._print(larger_runs_line(num_runs))

    def larger_run_ended(self, trial: Trial, measurements: Sequence[Measurement]) -> None:
        """See `Observer`."""
        self._work.trained_larger(trial.number)
        self._print(larger_line(trial, measurements))

    def trial_confirmed(self, trial: Trial) -> None:
        """See `Observer`."""
        self._work.trained_further(trial)
        self._print(confirmed_line(trial, self._info.objectives))

    def study_finished(self, trials: tuple[Trial, ...], front: Front) -> None:
        """See `Observer`."""
        self._print(finished_line(trials, front))

    def _tell_time_left(self) -> None:
        self._left.update(self._work.done, self._work.expected)
        seconds = self._left.seconds
        if seconds is not None and seconds <= self._told / 2:
            self._told = seconds
            if (line := time_left(seconds)) != self._shown:  # the last seconds are all "about 10 s"
                self._shown = line
                self._print(line)

    def _remember_full(self, trials: Iterable[Trial]) -> None:
        for trial in trials:
            if trial.baseline == "full":
                self._full_cost = trial.cost

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
