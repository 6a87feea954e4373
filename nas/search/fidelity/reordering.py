"""How far more training moves patterns against one another: the gains between lengths, and what of them is noise."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import log2, sqrt
from statistics import variance

from nas.results.fidelity import Reordering
from nas.results.objective import Score
from nas.search.problem.problem import Problem
from nas.search.scoring.noise import carried_noise, score_noise
from nas.search.scoring.scores import as_measured, with_first_seed
from nas.search.trial_store import TrialStore


def reorderings(store: TrialStore, problem: Problem, lengths: Sequence[int]) -> tuple[Reordering, ...]:
    """From each length to the next, for every measured objective that is a single score.

    A gain that all trials share moves none against another; the variance of the gains does. Part of it is noise, which
    a longer run of the same seed keeps for the most part.

    Args:
        store: all trials.
        problem: what was searched.
        lengths: rungs, and the length of the long runs if there are any, in optimiser steps, ascending.
    """
    return tuple(
        found
        for goal in problem.objectives
        if len(goal.scores) == 1
        for found in _of_score(store, lengths, goal.name, as_measured(goal.scores[0]))
    )


def _of_score(store: TrialStore, lengths: Sequence[int], objective: str, score: Score) -> Iterator[Reordering]:
    noise = score_noise(store.trials, [score], score.name)
    values = [with_first_seed(store.trials, score, length) for length in lengths]
    for (shorter, before), (longer, after) in pairwise(zip(lengths, values, strict=True)):
        gains = [before[number] - after[number] for number in after if number in before]
        if len(gains) < 2:
            continue
        spread, doublings = variance(gains), log2(longer / shorter)
        by_luck = None if noise is None else 2 * noise**2 * (1 - carried_noise(shorter, longer))
        yield Reordering(
            objective=objective,
            from_steps=shorter,
            to_steps=longer,
            num_trials=len(gains),
            deviation=sqrt(2 * spread),
            per_doubling=None if by_luck is None else sqrt(2 * max(0.0, spread - by_luck) / doublings),
        )
