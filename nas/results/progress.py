"""The progress of a search: progress.json (schema nas.progress/1), a view for those who look on from outside.

A study never reads it: it may be missing, or be that of an earlier run.
"""

from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from nas.files import damage_named, read_bytes
from nas.results.codec import Value, check_schema, from_json
from nas.results.objective import Objective
from nas.results.observer import Progress

SCHEMA: Final = "nas.progress/1"
PROGRESS_FILE = "progress.json"


class Stage(StrEnum):
    """What a study is doing, as words that follow its name."""

    SEARCHING = "searching"
    CONFIRMING = "confirming the front"
    CHECKING = "checking the ranking"
    CHECKING_LARGER = "checking one size up"
    ENDED = "ended"


class StudyProgress(Value, frozen=True, kw_only=True):
    """How far a study is.

    Args:
        stage: what it is doing.
        objectives: the axes of its front.
        num_done: trials that have ended or have a score at a rung, and further training runs.
        num_expected: trials and further runs in all, as far as they are known.
        share_done: work done as a share of the work expected, 0 to 1.
        seconds_left: time left at the pace of the last minutes, in seconds; None while it is too early to say.
        trials_per_hour: trials that ended or reached a rung, per hour since the search was started; None before the
            first one.
        num_workers: workers that train side by side.
        written_at: when this was written, in seconds since 1970 (UTC).
        runs: training runs under way.
        command: the words after `nas search` that run it; None if it was started otherwise, is one of several that one
            command runs, or if a word holds a credential.
    """

    schema: Literal["nas.progress/1"] = SCHEMA
    stage: Stage
    objectives: tuple[Objective, ...]
    num_done: int
    num_expected: int
    share_done: float
    seconds_left: float | None
    trials_per_hour: float | None
    num_workers: int
    written_at: float
    runs: tuple[Progress, ...]
    command: tuple[str, ...] | None = None


def read_progress(study: Path) -> StudyProgress | None:
    """The progress of a study, or None if it has written none.

    Args:
        study: the study folder, whose files are its own (`check_own`).

    Raises:
        StudyError: the file is damaged, or another version wrote it.
    """
    path = study / PROGRESS_FILE
    content = read_bytes(path)
    if content is None:
        return None
    with damage_named(path):
        check_schema(content, SCHEMA, path)
        return from_json(content, StudyProgress)
