"""Which patterns of a study are exported."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nas.errors import ExportError, unknown
from nas.export.selection.point import ExportPoint, point_of_entry, point_of_trial
from nas.results.trial import Trial

KNEE = "knee"
"""The `--best` that weighs all objectives; every other `--best` is the name of one objective."""


def choose_trial(front: Mapping[str, Any], number: int, trials: Sequence[Trial] = ()) -> ExportPoint:
    """Any trial of the study by its number, baselines included.

    Args:
        front: content of front.json; its record of a trial is preferred, as it covers all seeds.
        number: number of the trial.
        trials: the study's records, for trials that are not on the front, and for the rung that a trial reached.

    Raises:
        ExportError: the study has no such trial, or the trial has no pattern.
    """
    entries = [*front["points"], *front["baselines"]]
    steps = {trial.number: trial.step for trial in trials}
    for entry in entries:
        if entry["trial"] == number:
            return point_of_entry(entry, front, steps.get(number))
    for trial in trials:
        if trial.number == number:
            return point_of_trial(trial, front)
    known = sorted({trial.number for trial in trials} | {entry["trial"] for entry in entries})
    numbers = f"it has trials {known[0]} to {known[-1]}" if known else "it has none"
    raise ExportError(f"--trial: study {front['study']!r} has no trial {number}; {numbers}.")


def choose_best(front: Mapping[str, Any], by: str) -> ExportPoint:
    """One point of the front.

    The knee is the point nearest to the ideal one: every objective is scaled so that the best value on
    the front is 0 and the worst is 1, and the smallest Euclidean distance to 0 wins. Equal points go to
    the lowest trial number.

    Args:
        front: content of front.json.
        by: `knee`, or the name of an objective whose best value is wanted.

    Raises:
        ExportError: the front is empty.
        InputError: `by` is neither `knee` nor an objective of the study.
    """
    points = _points(front)
    goals = {goal["name"]: goal["direction"] for goal in front["objectives"]}
    if by not in (KNEE, *goals):
        raise unknown("--best", by, [KNEE, *goals], "choice")
    chosen = list(goals) if by == KNEE else [by]
    badness = [[_scaled(point, name, goals[name], points) for name in chosen] for point in points]
    best = min(range(len(points)), key=lambda i: (sum(x * x for x in badness[i]), points[i]["trial"]))
    return point_of_entry(points[best], front)


def whole_front(front: Mapping[str, Any]) -> list[ExportPoint]:
    """All points of the front, each to go into its own folder `trial-00012`.

    Raises:
        ExportError: the front is empty.
    """
    return [replace(point_of_entry(point, front), subfolder=f"trial-{point['trial']:05d}") for point in _points(front)]


def _points(front: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not front["points"]:
        raise ExportError(
            f"study {front['study']!r}: the front is empty, no trial finished and kept the constraints. "
            "Loosen them in another study, or export one pattern with --trial N."
        )
    return list(front["points"])


def _scaled(point: Mapping[str, Any], name: str, direction: str, points: Sequence[Mapping[str, Any]]) -> float:
    """How far from the best value of the front, as a share of the front's range: 0 is best, 1 is worst."""
    values = [float(other["values"][name]) for other in points]
    low, high = min(values), max(values)
    best = high if direction == "maximize" else low
    return abs(point["values"][name] - best) / (high - low) if high > low else 0.0
