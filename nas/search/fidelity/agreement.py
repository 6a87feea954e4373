"""The agreement of the search's ranking with that of the long runs, and what noise allows."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from nas.results.fidelity import Agreement
from nas.results.trial import Trial
from nas.search.scoring.noise import carried_noise
from nas.statistics.rank_agreement import kendall_tau
from nas.statistics.tau_posterior import RankingNoise, TauPosterior, freed_of_noise

TAIL = 0.05
"""Probability on either side of an interval."""
HALF = 0.5
"""The tau whose probability of being exceeded is reported: three pairs in four are ordered alike."""


def agreement(short: Mapping[int, float], long: Mapping[int, float], among: Collection[int]) -> Agreement | None:
    """How well two rankings of some trials agree.

    Args:
        short: the search's values, to be minimised, by trial.
        long: those of the long runs, by trial.
        among: the trials that are compared, where they have long runs.

    Returns:
        None for fewer than two trials.
    """
    ours, theirs = columns(short, long, among)
    if len(ours) < 2:
        return None
    return _reported(len(ours), kendall_tau(ours, theirs), TauPosterior.of(ours, theirs))


def agreement_without_noise(
    short: Mapping[int, float], long: Mapping[int, float], noise: RankingNoise
) -> Agreement | None:
    """The same over all long runs, between the values without their noise.

    Returns:
        None for fewer than two trials, or if those of one side differ by no more than noise.
    """
    ours, theirs = columns(short, long, long)
    freed = TauPosterior.of(ours, theirs).freed(ours, theirs, noise) if len(ours) > 1 else None
    if freed is None:
        return None
    tau = kendall_tau(ours, theirs)
    without = None if tau is None else freed_of_noise(np.array([tau]), ours, theirs, noise)
    return _reported(len(ours), None if without is None else float(without[0]), freed)


def ranking_noise(
    trials: Sequence[Trial], noise: float, measured: float, last_rung: int, long_rung: int, seeds: Collection[int]
) -> RankingNoise:
    """The noise of both rankings, mean over the trials.

    Args:
        trials: that have long runs, at least one.
        noise: standard deviation between seeds of the search's values.
        measured: standard deviation between seeds of what is measured at one length.
        last_rung: of the search, in optimiser steps.
        long_rung: of the long runs, in optimiser steps.
        seeds: of the long runs.
    """
    own = [trial.seeds for trial in trials]
    shared = [len(set(mine) & set(seeds)) / (len(mine) * len(seeds)) for mine in own]
    return RankingNoise(
        first=noise**2 * float(np.mean([1 / len(mine) for mine in own])),
        second=measured**2 / len(seeds),
        shared=measured**2 * carried_noise(last_rung, long_rung) * float(np.mean(shared)),
    )


def columns(
    short: Mapping[int, float], long: Mapping[int, float], among: Collection[int]
) -> tuple[list[float], list[float]]:
    """Both values of every trial among these that has a long run."""
    numbers = [number for number in long if number in among]
    return [short[number] for number in numbers], [long[number] for number in numbers]


def _reported(num_patterns: int, tau: float | None, posterior: TauPosterior) -> Agreement:
    return Agreement(
        num_patterns=num_patterns,
        tau=tau,
        mean=posterior.mean,
        low=posterior.quantile(TAIL),
        high=posterior.quantile(1 - TAIL),
        above_half=posterior.above(HALF),
    )
