"""How far more training moves patterns against one another: the gains between lengths, and what of them is noise.

Where patterns are compared by a projection, a gain that it foresaw moves none: what counts is where it was wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from math import log2, sqrt
from statistics import variance

from msgspec.structs import replace

from nas.results.fidelity import Reordering
from nas.results.objective import Score
from nas.search.problem.problem import Problem
from nas.search.scoring.noise import carried_noise, score_noise
from nas.search.scoring.projection import projected
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
        for found in _of_score(store, lengths, goal.name, goal.scores[0])
    )


def _of_score(store: TrialStore, lengths: Sequence[int], objective: str, score: Score) -> Iterator[Reordering]:
    noise = score_noise(store.trials, [as_measured(score)], score.name)
    for below, (shorter, longer) in zip((None, *lengths), pairwise(lengths), strict=False):
        foreseen = score if score.projected_to is None else replace(score, projected_to=longer)
        before = with_first_seed(store.trials, foreseen, shorter)
        after = with_first_seed(store.trials, as_measured(score), longer)
        gains = [before[number] - after[number] for number in after if number in before]
        if len(gains) < 2:
            continue
        spread, doublings = variance(gains), log2(longer / shorter)
        weights = gain_weights(None if score.projected_to is None else below, shorter, longer)
        by_luck = None if noise is None else noise**2 * noise_variance(weights)
        yield Reordering(
            objective=objective,
            from_steps=shorter,
            to_steps=longer,
            num_trials=len(gains),
            deviation=sqrt(2 * spread),
            per_doubling=None if by_luck is None else sqrt(2 * max(0.0, spread - by_luck) / doublings),
        )


def gain_weights(below: int | None, shorter: int, longer: int) -> Mapping[int, float]:
    """The share that each length has in a gain, by optimiser steps.

    Args:
        below: the rung from which the shorter length is projected to the longer one; None if it is not.
        shorter: in optimiser steps.
        longer: in optimiser steps.
    """
    if below is None:
        return {shorter: 1.0, longer: -1.0}
    ahead = {below: projected((below, 1), (shorter, 0), longer), shorter: projected((below, 0), (shorter, 1), longer)}
    return {**ahead, longer: -1.0}


def noise_variance(weights: Mapping[int, float]) -> float:
    """The variance of such a sum of lengths of one run, as a multiple of the noise of each."""
    pairs = product(weights.items(), repeat=2)
    return sum(one * other * carried_noise(*sorted((here, there))) for (here, one), (there, other) in pairs)
