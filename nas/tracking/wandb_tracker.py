"""The observer that records a study in W&B."""

import logging
import time
from collections.abc import Callable
from functools import partial

from nas.report.study.record import StudyRecord
from nas.results.front import Front
from nas.results.observer import Observer, StudyInfo, StudyPlan
from nas.results.study import StudyReader
from nas.results.trial import Trial
from nas.tracking.recorder import Recorder
from nas.tracking.runs.contents import all_runs
from nas.tracking.runs.study import running_run
from nas.tracking.runs.trial import trial_run
from nas.tracking.settings import TrackingSettings, check_key

_LOG = logging.getLogger("nas.tracking")

SECONDS_BETWEEN = 30.0
"""Between two recordings of the study's own run while it is searching: each writes the run anew."""


class WandbTracker(Observer):
    """One W&B run per trial, written when the trial has ended, and one for the study, written anew as it goes.

    A run is written completely from the records of trials, so a stopped search leaves no partial run, a resumed one
    records what the stopped one could not, and what is there at the end is what `nas track` makes of the folder.

    Args:
        settings: mode (not none), project and entity.
        read_record: reads all that is known of the ended study from its folder.
        seconds_between: least time between two recordings of the study's own run during the search.
    """

    def __init__(
        self,
        settings: TrackingSettings,
        read_record: Callable[[], StudyRecord],
        seconds_between: float = SECONDS_BETWEEN,
    ) -> None:
        self._settings, self._read_record, self._seconds = settings, read_record, seconds_between
        self._trials: dict[int, Trial] = {}
        self._next = 0.0

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`. Trials of a study that had ended keep their place on its front until it ends again."""
        self._info = info
        self._recorder = Recorder(self._settings, info.folder)
        self._trials = {trial.number: trial for trial in known}
        reader = StudyReader(info.folder)
        on_front = {point.trial for point in reader.front().points} if reader.has_front() else set()
        for trial in known:
            self._recorder.submit(partial(trial_run, info, trial, on_front=trial.number in on_front))

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`. A trial that may go on has no run yet, but the study's own run has it."""
        self._go_on(trial)

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        self._recorder.submit(partial(trial_run, self._info, trial))
        self._go_on(trial)

    def trial_confirmed(self, trial: Trial) -> None:
        """See `Observer`."""
        self._go_on(trial)

    def study_finished(self, trials: tuple[Trial, ...], front: Front) -> None:
        """See `Observer`. Trials that are on the front or were trained with more seeds since are recorded again."""
        recorded = self._recorder.finish(all_runs(self._info, trials, self._read_record()))
        if recorded.num_missing:
            _LOG.warning(
                "tracking: %d of %d W&B runs are missing. The study folder has them all; `nas track %s` records them.",
                recorded.num_missing,
                recorded.num_runs,
                self._info.folder,
            )

    def _go_on(self, trial: Trial) -> None:
        """Take the trial into the study's own run, which is recorded if the last time is long enough ago."""
        self._trials[trial.number] = trial
        if time.monotonic() >= self._next:
            trials = tuple(self._trials[number] for number in sorted(self._trials))
            self._recorder.submit(partial(running_run, self._info, trials))
            self._next = time.monotonic() + self._seconds


def make_observer(settings: TrackingSettings, read_record: Callable[[], StudyRecord]) -> Observer | None:
    """The observer for the settings; None for mode none.

    Args:
        settings: where the study is recorded.
        read_record: reads all that is known of the ended study from its folder.

    Raises:
        InputError: see `check_key`.
    """
    check_key(settings)
    return None if settings.mode == "none" else WandbTracker(settings, read_record)
