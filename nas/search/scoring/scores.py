"""The scores that training measures: the quality of every task, at the training length and beyond it."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from msgspec.structs import replace

from nas.results.measurement import Measurement
from nas.results.objective import PROJECTED, Score
from nas.results.trial import Trial
from nas.search.scoring.projection import projected
from nas.tasks.task import Task


def make_scores(
    tasks: Mapping[str, Task], test_lengths: Sequence[int], horizons: Mapping[str, int] | None = None
) -> tuple[Score, ...]:
    """All scores of a study: every task at its own length, projected and by part, then at every longer length it has.

    Args:
        tasks: by label.
        test_lengths: multiples of the training length, 2 or more each.
        horizons: where the qualities of tasks are projected to, in optimiser steps, by label; None for no projection.
    """
    alone = len(tasks) == 1
    own = [_score(label, task, 1, alone=alone) for label, task in tasks.items()]
    ahead = [
        replace(score, name=score.name + PROJECTED, projected_to=steps)
        for score in own
        if (steps := (horizons or {}).get(score.task)) is not None
    ]
    parts = [
        replace(score, name=f"{score.name}_{part}", part=part) for score in own for part in tasks[score.task].parts
    ]
    longer = [
        _score(label, task, times, alone=alone)
        for times in sorted(test_lengths)
        for label, task in tasks.items()
        if task.longer(times) is not None
    ]
    return (*own, *ahead, *parts, *longer)


def as_measured(score: Score) -> Score:
    """The score that a projection is of, under the projection's name; any other score as it is."""
    return replace(score, projected_to=None)


def confirmed_rungs(scores: Sequence[Score], rungs: Sequence[int]) -> Sequence[int]:
    """The rungs at which a fresh seed is scored so that it has all scores, in optimiser steps, ascending.

    Args:
        scores: of a study.
        rungs: of its search, ascending.
    """
    return rungs[-2:] if any(score.projected_to for score in scores) else rungs[-1:]


def scores_by_seed(
    measurements: Iterable[Measurement], scores: Sequence[Score], step: int
) -> dict[int, dict[str, float]]:
    """The scores of each seed at a rung, by name; only seeds with which training ended well on every task.

    A longer length that the pattern does not support is left out. Projections go on from the rung below, and are what
    was measured where a seed has none.

    Args:
        measurements: of one pattern.
        scores: what is read from them.
        step: the rung, in optimiser steps.
    """
    by_seed: dict[int, dict[str, Measurement]] = {}
    below: dict[tuple[int, str], Measurement] = {}
    for measurement in measurements:
        if measurement.quality is None or measurement.step > step:
            continue
        place = (measurement.seed, measurement.task)
        if measurement.step == step:
            by_seed.setdefault(measurement.seed, {})[measurement.task] = measurement
        elif place not in below or measurement.step > below[place].step:
            below[place] = measurement
    labels = {score.task for score in scores}
    return {
        seed: _read(own, scores) | _projections(own, below, scores)
        for seed, own in by_seed.items()
        if own.keys() >= labels
    }


def with_first_seed(trials: Iterable[Trial], score: Score, step: int) -> dict[int, float]:
    """A score at a rung, by trial, with the seed that the search trained it with.

    Args:
        trials: of a study; duplicates are left out.
        score: which.
        step: the rung, in optimiser steps.
    """
    found = {}
    for trial in trials:
        if trial.duplicate_of is None and trial.measurements:
            own = scores_by_seed(trial.measurements, [score], step).get(trial.measurements[0].seed, {})
            if score.name in own:
                found[trial.number] = own[score.name]
    return found


def mean_scores(by_seed: Mapping[int, Mapping[str, float]]) -> dict[str, float]:
    """Each score's mean over the seeds that have it."""
    names = dict.fromkeys(name for own in by_seed.values() for name in own)
    return {name: fmean(own[name] for own in by_seed.values() if name in own) for name in names}


def _score(label: str, task: Task, times: int, *, alone: bool) -> Score:
    name = "quality" + ("" if alone else f"_{label}") + (f"_{times}x" if times > 1 else "")
    return Score(
        name=name,
        task=label,
        times=times,
        unit=task.metric.unit,
        direction=task.metric.direction,
        chance=task.chance,
    )


def _read(by_task: Mapping[str, Measurement], scores: Sequence[Score]) -> dict[str, float]:
    measured = {label: _by_length_and_part(measurement) for label, measurement in by_task.items()}
    places = {score.name: (score.task, (score.times, score.part)) for score in scores}
    return {name: measured[task][place] for name, (task, place) in places.items() if place in measured[task]}


def _projections(
    by_task: Mapping[str, Measurement], below: Mapping[tuple[int, str], Measurement], scores: Sequence[Score]
) -> dict[str, float]:
    """The scores of one seed that go on from the rung below, where it has one."""
    found = {}
    for score in scores:
        if score.projected_to is None:
            continue
        newest = by_task[score.task]
        before = below.get((newest.seed, score.task))
        if before is not None and before.quality is not None and newest.quality is not None:
            curve = (before.step, before.quality), (newest.step, newest.quality)
            found[score.name] = projected(*curve, score.projected_to)
    return found


def _by_length_and_part(measurement: Measurement) -> dict[tuple[int, str], float]:
    assert measurement.quality is not None
    longer = {(length.times, ""): length.quality for length in measurement.longer}
    return {(1, ""): measurement.quality} | {(1, part.name): part.quality for part in measurement.parts} | longer
