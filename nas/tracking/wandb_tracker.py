"""The observer that records a study in W&B."""

import logging

from nas.results.front import Front
from nas.results.observer import Observer, StudyInfo, StudyPlan
from nas.results.trial import Trial
from nas.tracking.recorder import Recorder
from nas.tracking.runs.contents import all_runs, trial_run
from nas.tracking.settings import TrackingSettings, check_key

_LOG = logging.getLogger("nas.tracking")


class WandbTracker(Observer):
    """One W&B run per trial, written when the trial has ended, and one for the study, written at its end.

    A run is written completely from the trial's record, so a stopped search leaves no partial run, and a resumed one
    records what the stopped one could not.

    Args:
        settings: mode (not none), project and entity.
    """

    def __init__(self, settings: TrackingSettings) -> None:
        self._settings = settings

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        self._info = info
        self._recorder = Recorder(self._settings, info.folder)
        for trial in known:
            self.trial_finished(trial)

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        self._recorder.submit(trial_run(self._info, trial))

    def study_finished(self, trials: tuple[Trial, ...], front: Front) -> None:
        """See `Observer`. Trials that have been trained with more seeds since are recorded again."""
        recorded = self._recorder.finish(all_runs(self._info, trials, front))
        if recorded.num_missing:
            _LOG.warning(
                "tracking: %d of %d W&B runs are missing. The study folder has them all; `nas track %s` records them.",
                recorded.num_missing,
                recorded.num_runs,
                self._info.folder,
            )


def make_observer(settings: TrackingSettings) -> Observer | None:
    """The observer for the settings; None for mode none.

    Raises:
        InputError: see `check_key`.
    """
    check_key(settings)
    return None if settings.mode == "none" else WandbTracker(settings)
