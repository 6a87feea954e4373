"""Recording the runs of a study from its folder."""

from collections.abc import Sequence

from nas.errors import InputError
from nas.report.study.record import StudyRecord
from nas.results.observer import StudyInfo
from nas.results.trial import Trial
from nas.tracking.recorder import Recorded, Recorder
from nas.tracking.runs.contents import all_runs
from nas.tracking.settings import TrackingSettings, check_key


def track_study(
    info: StudyInfo,
    trials: Sequence[Trial],
    record: StudyRecord | None,
    settings: TrackingSettings,
    *,
    fresh: bool = True,
) -> Recorded:
    """Record the runs of a study from its folder, in place of their earlier versions.

    Run ids depend on the study only: online the same runs are overwritten, offline their folders in the `wandb` folder
    of the study are replaced.

    Args:
        info: the study; its folder must exist.
        trials: all trials that have ended.
        record: of an ended study; None for one that has not ended, whose run is that of a search at this point.
        settings: where the runs go.
        fresh: record every run; else those that are missing there, or have changed.

    Raises:
        InputError: the mode is none, or online without a key.
    """
    check_key(settings)
    if settings.mode == "none":
        raise InputError("tracking", "must be offline or online to record a study", settings.mode)
    return Recorder(settings, info.folder, fresh=fresh).finish(all_runs(info, trials, record))
