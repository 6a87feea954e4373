"""How a search went: the hypervolume as it grew, and what halving did at each rung."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.results.front import Front
from nas.results.trial import Trial, TrialState


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeStep:
    """The front after one more trial.

    Args:
        trial: its number.
        volume: hypervolume, as a share of that of all trials, 0 to 1.
        seconds: training time of all trials so far with the search's own seed, in seconds; without the rungs that a
            trial left behind, and without the fresh seeds and long runs that follow a search.
        joined: whether the trial is on the final front.
    """

    trial: int
    volume: float
    seconds: float
    joined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RungCount:
    """What halving did at one rung.

    Args:
        num_steps: the rung, in optimiser steps.
        reached: numbers of the trials that have a score there.
        stopped: numbers of those that were trained no further; empty at the last rung.
    """

    num_steps: int
    reached: tuple[int, ...]
    stopped: tuple[int, ...]


def volume_steps(front: Front, trials: Sequence[Trial]) -> tuple[VolumeStep, ...]:
    """The hypervolume by trial and by cost; empty if there is no front."""
    if not front.points:
        return ()
    seconds = {trial.number: training_seconds(trial, front.provenance.rungs[-1]) for trial in trials}
    on_front = {point.trial for point in front.points}
    steps, spent = [], 0.0
    for number, volume in front.hypervolume_by_trial:
        spent += seconds.get(number, 0.0)
        steps.append(VolumeStep(trial=number, volume=volume, seconds=spent, joined=number in on_front))
    return tuple(steps)


def training_seconds(trial: Trial, last_rung: int) -> float:
    """Training time of a trial within the search, in seconds: its own seed, up to its highest rung, on every task."""
    if trial.duplicate_of is not None or not trial.measurements:
        return 0.0
    own = [one for one in trial.measurements if one.seed == trial.measurements[0].seed and one.step <= last_rung]
    longest: dict[str, float] = {}
    for one in own:
        longest[one.task] = max(longest.get(one.task, 0.0), one.wall_seconds)
    return sum(longest.values())


def all_seconds(trial: Trial) -> float:
    """Training time of all runs of a trial, in seconds: also those of fresh seeds, and the longer ones."""
    if trial.duplicate_of is not None:
        return 0.0
    longest: dict[tuple[int, str], float] = {}
    for one in trial.measurements:
        run = one.seed, one.task
        longest[run] = max(longest.get(run, 0.0), one.wall_seconds)
    return sum(longest.values())


def rung_counts(trials: Sequence[Trial], rungs: Sequence[int]) -> tuple[RungCount, ...]:
    """How many trials reached every rung, and which were stopped there."""
    trained = [trial for trial in trials if trial.duplicate_of is None and trial.scores]
    return tuple(
        RungCount(
            num_steps=rung,
            reached=tuple(trial.number for trial in trained if trial.step >= rung),
            stopped=tuple(
                trial.number for trial in trained if trial.state is TrialState.STOPPED and trial.step == rung
            ),
        )
        for rung in rungs
    )
