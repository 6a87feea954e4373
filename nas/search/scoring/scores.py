"""The scores that training measures: the quality of every task, at the training length and beyond it."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from msgspec.structs import replace

from nas.results.measurement import Measurement
from nas.results.objective import Score
from nas.tasks.task import Task


def make_scores(tasks: Mapping[str, Task], test_lengths: Sequence[int]) -> tuple[Score, ...]:
    """All scores of a study: every task at its own length and by part, then at every longer length that it supports.

    Args:
        tasks: by label.
        test_lengths: multiples of the training length, 2 or more each.
    """
    alone = len(tasks) == 1
    own = [_score(label, task, 1, alone=alone) for label, task in tasks.items()]
    parts = [
        replace(score, name=f"{score.name}_{part}", part=part) for score in own for part in tasks[score.task].parts
    ]
    longer = [
        _score(label, task, times, alone=alone)
        for times in sorted(test_lengths)
        for label, task in tasks.items()
        if task.longer(times) is not None
    ]
    return (*own, *parts, *longer)


def scores_by_seed(
    measurements: Iterable[Measurement], scores: Sequence[Score], step: int
) -> dict[int, dict[str, float]]:
    """The scores of each seed at a rung, by name; only seeds with which training ended well on every task.

    A longer length that the pattern does not support is left out.

    Args:
        measurements: of one pattern.
        scores: what is read from them.
        step: the rung, in optimiser steps.
    """
    by_seed: dict[int, list[Measurement]] = {}
    for measurement in measurements:
        if measurement.step == step:
            by_seed.setdefault(measurement.seed, []).append(measurement)
    labels = {score.task for score in scores}
    whole = {
        seed: {measurement.task: measurement for measurement in own if measurement.quality is not None}
        for seed, own in by_seed.items()
    }
    return {seed: _read(own, scores) for seed, own in whole.items() if own.keys() >= labels}


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


def _by_length_and_part(measurement: Measurement) -> dict[tuple[int, str], float]:
    assert measurement.quality is not None
    longer = {(length.times, ""): length.quality for length in measurement.longer}
    return {(1, ""): measurement.quality} | {(1, part.name): part.quality for part in measurement.parts} | longer
