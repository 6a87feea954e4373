"""Recording a study again from its folder's records."""

from collections.abc import Sequence

from nas.errors import InputError
from nas.results.front import Front
from nas.results.observer import StudyInfo
from nas.results.trial import Trial
from nas.tracking.recorder import Recorded, Recorder
from nas.tracking.runs.contents import all_runs
from nas.tracking.settings import TrackingSettings, check_key


def track_study(info: StudyInfo, trials: Sequence[Trial], front: Front | None, settings: TrackingSettings) -> Recorded:
    """Record every run of a study again, each in place of its earlier self.

    Run ids depend on the study alone: online the same runs are overwritten, offline their folders in
    the study's `wandb` folder are replaced.

    Args:
        info: the study; its folder must exist.
        trials: every trial that has ended.
        front: its front; None for a study that has not ended, which gets no study run.
        settings: where to.

    Raises:
        InputError: settings that cannot record anything, mode none included.
    """
    check_key(settings)
    if settings.mode == "none":
        raise InputError("tracking", "must be offline or online to record a study", settings.mode)
    return Recorder(settings, info.folder, anew=True).finish(all_runs(info, trials, front))
