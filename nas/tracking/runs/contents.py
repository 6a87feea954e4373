"""All runs of a study."""

from collections.abc import Sequence

from nas.report.study.record import StudyRecord
from nas.results.observer import StudyInfo
from nas.results.trial import Trial
from nas.tracking.runs.run import Run
from nas.tracking.runs.study import running_run, study_run
from nas.tracking.runs.trial import trial_run


def all_runs(info: StudyInfo, trials: Sequence[Trial], record: StudyRecord | None) -> list[Run]:
    """Every run of a study, that of the study itself last.

    Args:
        info: the study; without objectives it has no run of its own yet.
        trials: that have ended, by number.
        record: of the study, once it has ended; else None.
    """
    on_front = {point.trial for point in record.front.points} if record else set()
    runs = [trial_run(info, trial, on_front=trial.number in on_front) for trial in trials]
    if record is not None:
        return [*runs, study_run(info, record)]
    return [*runs, running_run(info, trials)] if info.objectives else runs
