"""What a study folder says at a glance, whether the study has ended, is running, was stopped, or is none at all."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from nas.errors import InputError, NasError, StudyError, printable
from nas.report.studies.standing import Standing, front_standings, standing_of, standings_so_far, volumes_so_far
from nas.results.lock import is_driven
from nas.results.objective import Objective
from nas.results.own_files import check_own
from nas.results.progress import read_progress
from nas.results.study import StudyReader
from nas.results.trial import Trial, TrialState


class StudyState(StrEnum):
    """What a study is doing, as a word."""

    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyOverview:
    """A study at a glance.

    Args:
        name: of its folder; characters that cannot be printed are replaced.
        state: what it is doing; UNREADABLE for a folder that is no study, or damaged.
        problem: why it is unreadable, in one line; else empty.
        stage: what the search is doing, in words; empty unless it is running.
        num_done: trials that have ended or have a score, and further training runs.
        num_expected: trials and further runs in all; None if the study says nothing of it.
        seconds_left: time left, in seconds; None unless the study is running and it is known.
        objectives: the axes; empty while they are unknown.
        points: the front, or the front so far, best quality first.
        compromise: the point nearest to the ideal one; None for a study that has not ended, and an empty front.
        volumes: hypervolume after each trial that reached the last rung, as a share of that of all, 0 to 1.
    """

    name: str
    state: StudyState
    problem: str = ""
    stage: str = ""
    num_done: int = 0
    num_expected: int | None = None
    seconds_left: float | None = None
    objectives: tuple[Objective, ...] = ()
    points: tuple[Standing, ...] = ()
    compromise: Standing | None = None
    volumes: tuple[float, ...] = ()


def studies_in(folder: Path, now: float) -> list[StudyOverview]:
    """Every study of a folder, those that run first and what is no study last, by name; links are not followed.

    Args:
        folder: such as runs.
        now: the time of day, in seconds since 1970 (UTC).

    Raises:
        InputError: there is no such folder.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_symlink() or entry.is_dir())
    except OSError as error:
        remedy = "Start a study with nas search."
        raise InputError("FOLDER", "must be a folder of studies", f"{folder} ({error.strerror})", remedy) from None
    found = [study_overview(folder / name, now) for name in names]
    return sorted(found, key=lambda one: (one.state is not StudyState.RUNNING, one.state is StudyState.UNREADABLE))


def study_overview(study: Path, now: float) -> StudyOverview:
    """One study; whatever is wrong with its folder is said in one line.

    Args:
        study: its folder.
        now: the time of day, in seconds since 1970 (UTC).
    """
    name = printable(study.name)
    try:
        _check_folder(study)
        return replace(_read(StudyReader(study), now), name=name)
    except (NasError, OSError) as error:
        problem = printable(" ".join(str(error).split()))
        return StudyOverview(name=name, state=StudyState.UNREADABLE, problem=problem)


def _check_folder(study: Path) -> None:
    mode = os.lstat(study).st_mode
    if not stat.S_ISDIR(mode):
        raise StudyError("It is a link, and links are not followed.")
    if not (study / "config.yaml").exists():
        raise StudyError("It is no study: it has no config.yaml.")
    check_own(study)


def _read(reader: StudyReader, now: float) -> StudyOverview:
    if is_driven(reader.path):
        return _running(reader, now)
    return _ended(reader) if reader.has_front() else _stopped(reader)


def _ended(reader: StudyReader) -> StudyOverview:
    front = reader.front()
    num_trials = sum(front.trials.values())
    knee = front.nearest_to_ideal(front.objectives) if front.points else None
    return StudyOverview(
        name="",
        state=StudyState.ENDED,
        num_done=num_trials,
        num_expected=num_trials,
        objectives=front.objectives,
        points=front_standings(front),
        compromise=standing_of(knee, front) if knee else None,
        volumes=tuple(share for _, share in front.hypervolume_by_trial),
    )


def _stopped(reader: StudyReader) -> StudyOverview:
    trials, progress = reader.trials(), read_progress(reader.path)
    overview = _so_far(trials, progress.objectives if progress else ())
    return replace(overview, num_expected=progress.num_expected if progress else None)


def _running(reader: StudyReader, now: float) -> StudyOverview:
    trials, progress = reader.trials(), read_progress(reader.path)
    if progress is None:  # it is only just starting, or was started from Python
        return replace(_so_far(trials, ()), state=StudyState.RUNNING)
    left = progress.seconds_left
    return replace(
        _so_far(trials, progress.objectives),
        state=StudyState.RUNNING,
        stage=progress.stage.value,
        num_done=progress.num_done,
        num_expected=progress.num_expected,
        seconds_left=None if left is None else max(0.0, left - max(0.0, now - progress.written_at)),
    )


def _so_far(trials: Sequence[Trial], objectives: Sequence[Objective]) -> StudyOverview:
    return StudyOverview(
        name="",
        state=StudyState.STOPPED,
        num_done=sum(trial.state is not TrialState.RUNNING for trial in trials),
        objectives=tuple(objectives),
        points=standings_so_far(trials, objectives) if objectives else (),
        volumes=tuple(volumes_so_far(trials, objectives)) if objectives else (),
    )
