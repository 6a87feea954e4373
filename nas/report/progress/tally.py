"""The tally of a search: what has happened so far, from the events that observers are told."""

import time
from collections.abc import Callable, Sequence

from nas.report.progress.time_left import TimeLeft
from nas.report.progress.workload import Workload
from nas.results.front import Front
from nas.results.measurement import Measurement
from nas.results.observer import Observer, Progress, StudyInfo, StudyPlan
from nas.results.progress import Stage, StudyProgress
from nas.results.trial import Trial, TrialState

_HOUR = 3600.0
_LEAST_SECONDS = 10.0
"""A shorter time than this says nothing of trials per hour."""


class Tally(Observer):
    """Counts trials, runs and work; a subclass shows or keeps them in `changed`.

    Args:
        clock: the current time in seconds; only differences count.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = TimeLeft(clock)
        self.stage = Stage.SEARCHING
        self.trials: dict[int, Trial] = {}
        self.runs: dict[tuple[int, str], Progress] = {}
        self._num_further = self._num_further_done = 0

    def changed(self, stage_began: bool = False) -> None:
        """Something has changed; a subclass may act on it.

        Args:
            stage_began: whether a stage has begun or the study has ended, which nobody should miss.
        """

    def progress(self, now: float) -> StudyProgress:
        """All of it as a value.

        Args:
            now: the time of day, in seconds since 1970 (UTC).
        """
        self._left.update(self._work.done, self._work.expected)
        expected = self._work.expected
        ended = self.stage is Stage.ENDED
        return StudyProgress(
            stage=self.stage,
            objectives=self.info.objectives,
            num_done=len(self.trials) + self._num_further_done,
            num_expected=self.plan.num_trials + self._num_further,
            share_done=1.0 if ended else self._work.done / expected if expected else 0.0,
            seconds_left=0.0 if ended else self._left.seconds,
            trials_per_hour=self._trials_per_hour,
            num_workers=self.plan.num_workers,
            written_at=now,
            runs=tuple(self.runs.values()),
        )

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        done = [trial for trial in known if trial.state is not TrialState.RUNNING]
        self.info, self.plan, self.trials = info, plan, {trial.number: trial for trial in done}
        self._work = Workload(plan, info.scores, done)
        self._num_known, self._started = len(done), self._clock()
        self.changed(stage_began=True)

    def training_progressed(self, progress: Progress) -> None:
        """See `Observer`."""
        self._work.progressed(progress)
        self.runs[progress.trial, progress.task] = progress
        self.changed()

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._work.reached_rung(trial)
        self._settle(trial)

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        self._work.finished(trial)
        self._settle(trial)

    def confirmation_started(self, num_trials: int) -> None:
        """See `Observer`."""
        self._work.announced(num_trials, self.plan.rungs[-1])
        self._begin(Stage.CONFIRMING, num_trials)

    def long_runs_started(self, num_runs: int) -> None:
        """See `Observer`."""
        self._work.announced(num_runs, self.plan.long_steps)
        self._begin(Stage.CHECKING, num_runs)

    def larger_runs_started(self, num_runs: int) -> None:
        """See `Observer`."""
        self._work.announced_larger(num_runs)
        self._begin(Stage.CHECKING_LARGER, num_runs)

    def larger_run_ended(self, trial: Trial, measurements: Sequence[Measurement]) -> None:
        """See `Observer`."""
        self._work.trained_larger(trial.number)
        self._end_further(trial.number)

    def trial_confirmed(self, trial: Trial) -> None:
        """See `Observer`."""
        self._work.trained_further(trial)
        self.trials[trial.number] = trial
        self._end_further(trial.number)

    def study_finished(self, trials: tuple[Trial, ...], front: Front) -> None:
        """See `Observer`."""
        self.stage = Stage.ENDED
        self.runs.clear()
        self.changed(stage_began=True)

    @property
    def _trials_per_hour(self) -> float | None:
        seconds, num_new = self._clock() - self._started, len(self.trials) - self._num_known
        return num_new * _HOUR / seconds if num_new and seconds >= _LEAST_SECONDS else None

    def _begin(self, stage: Stage, num_runs: int) -> None:
        self.stage = stage
        self._num_further += num_runs
        self.changed(stage_began=True)

    def _settle(self, trial: Trial) -> None:
        self.trials.pop(trial.number, None)  # they are kept in the order in which they ended
        self.trials[trial.number] = trial
        self._end_runs(trial.number)
        self.changed()

    def _end_further(self, number: int) -> None:
        self._num_further_done += 1
        self._end_runs(number)
        self.changed()

    def _end_runs(self, number: int) -> None:
        """Forget the training runs of a trial, on all tasks."""
        for run in [run for run in self.runs if run[0] == number]:
            del self.runs[run]
