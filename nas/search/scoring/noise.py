"""The noise of scores: how much they differ between seeds, and how much of that a longer run of one seed keeps."""

from collections.abc import Sequence
from math import log2

from nas.results.objective import Score
from nas.results.trial import Trial, TrialState
from nas.search.scoring.scores import scores_by_seed
from nas.statistics.rank_agreement import pooled_deviation

CARRIED = 0.8
"""Correlation between the noise of a run and that of the same seed after twice the steps, which share their trunk.

0.81 from 960 to 1,920 steps and 0.84 from there to 3,840 in the shipped table; less from shorter runs (0.65 and 0.35).
"""


def repeated_scores(trials: Sequence[Trial], scores: Sequence[Score], name: str) -> list[list[float]]:
    """A score of every finished pattern that has it from more than one seed."""
    repeated = [
        trial
        for trial in trials
        if trial.state is TrialState.FINISHED and len({one.seed for one in trial.measurements}) > 1
    ]
    own = [scores_by_seed(trial.measurements, scores, trial.step).values() for trial in repeated]
    values = [[by_name[name] for by_name in by_seed if name in by_name] for by_seed in own]
    return [group for group in values if len(group) > 1]


def score_noise(trials: Sequence[Trial], scores: Sequence[Score], name: str) -> float | None:
    """Standard deviation of a score between seeds, pooled over the patterns trained more than once.

    Returns:
        in the score's unit; None if no pattern was trained twice.
    """
    return pooled_deviation(repeated_scores(trials, scores, name))


def carried_noise(shorter: int, longer: int) -> float:
    """Correlation between the noise of one seed at two lengths in optimiser steps, 0 to 1."""
    return float(CARRIED ** log2(longer / shorter))
