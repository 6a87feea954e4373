"""Choosing the points of a study to export."""

from collections.abc import Sequence
from dataclasses import replace

from nas.errors import ExportError, unknown
from nas.export.selection.point import ExportPoint, point_of_entry, point_of_trial
from nas.results.front import Front, FrontPoint
from nas.results.objective import PROJECTED
from nas.results.trial import Trial

_KNEE = "knee"
"""The `--best` that takes all objectives into account; any other is the name of an objective."""


def choose_trial(front: Front, number: int, trials: Sequence[Trial] = ()) -> ExportPoint:
    """Any trial of the study by its number, including baselines.

    Args:
        front: the study's front; its entry of a trial is preferred, because it covers all seeds.
        number: number of the trial.
        trials: the study's trials, for those that are not on the front, and for the rung that a trial reached.

    Raises:
        ExportError: the study has no such trial, or the trial has no pattern.
    """
    entries = [*front.points, *front.baselines]
    steps = {trial.number: trial.step for trial in trials}
    for entry in entries:
        if entry.trial == number:
            return point_of_entry(entry, front, steps.get(number))
    for trial in trials:
        if trial.number == number:
            return point_of_trial(trial, front)
    known = sorted({trial.number for trial in trials} | {entry.trial for entry in entries})
    numbers = f"it has trials {known[0]} to {known[-1]}" if known else "it has none"
    raise ExportError(f"--trial: study {front.study!r} has no trial {number}; {numbers}.")


def choose_best(front: Front, by: str) -> ExportPoint:
    """One point of the front: its knee (`Front.nearest_to_ideal`), or its best by one objective.

    Args:
        front: the study's front.
        by: `knee`, or the name of the objective to choose by; `quality` is the projected one where there is one.

    Raises:
        ExportError: the front is empty.
        InputError: `by` is neither `knee` nor an objective of the study.
    """
    _points(front)
    names = [objective.name for objective in front.objectives]
    by = by + PROJECTED if by + PROJECTED in names else by
    if by not in (_KNEE, *names):
        raise unknown("--best", by, [_KNEE, *names], "choice")
    chosen = [objective for objective in front.objectives if by in (_KNEE, objective.name)]
    return point_of_entry(front.nearest_to_ideal(chosen), front)


def whole_front(front: Front) -> list[ExportPoint]:
    """All points of the front, each for its own folder `trial-00012`.

    Raises:
        ExportError: the front is empty.
    """
    return [replace(point_of_entry(point, front), subfolder=f"trial-{point.trial:05d}") for point in _points(front)]


def _points(front: Front) -> tuple[FrontPoint, ...]:
    if not front.points:
        raise ExportError(
            f"study {front.study!r}: the front is empty, as no trial finished within the constraints. "
            "Loosen them in another study, or export one pattern with --trial N."
        )
    return front.points
