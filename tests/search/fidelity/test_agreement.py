"""Agreements as they are reported."""

import numpy as np
import pytest

from nas.search.fidelity.agreement import agreement, agreement_without_noise, ranking_noise
from nas.search.problem.problem import Problem
from nas.search.scoring.noise import CARRIED
from nas.statistics.rank_agreement import kendall_tau
from nas.statistics.tau_posterior import RankingNoise, TauPosterior, freed_of_noise
from tests.toy_study import train_again, trained_store

SHORT = {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0, 4: 5.0, 9: 0.0}
LONG = {0: 1.0, 1: 3.0, 2: 2.0, 3: 4.0, 4: 5.0}


def test_it_is_taken_among_those_that_have_long_runs() -> None:
    found = agreement(SHORT, LONG, [0, 1, 2, 9])
    posterior = TauPosterior.of([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])
    assert found.num_patterns == 3 and found.tau == pytest.approx(1 / 3)
    assert (found.mean, found.above_half) == (posterior.mean, posterior.above(0.5))
    assert (found.low, found.high) == (posterior.quantile(0.05), posterior.quantile(0.95))
    assert agreement(SHORT, LONG, [0, 9]) is None
    assert agreement({0: 1.0, 1: 1.0}, {0: 1.0, 1: 2.0}, [0, 1]).tau is None


def test_without_noise_tau_and_its_posterior_are_freed() -> None:
    noise = RankingNoise(0.2, 0.2, 0.0)
    ours, theirs = ([side[number] for number in range(5)] for side in (SHORT, LONG))
    found = agreement_without_noise(SHORT, LONG, noise)
    assert found.num_patterns == 5 and found.mean > agreement(SHORT, LONG, LONG).mean
    assert found.mean == TauPosterior.of(ours, theirs).freed(ours, theirs, noise).mean
    assert found.tau == freed_of_noise(np.array([kendall_tau(ours, theirs)]), ours, theirs, noise)[0]
    assert agreement_without_noise(SHORT, LONG, RankingNoise(99.0, 0.0, 0.0)) is None
    assert agreement_without_noise(SHORT, {0: 1.0}, noise) is None


def test_noise_is_divided_by_seeds_and_shared_by_those_that_both_have(problem: Problem) -> None:
    store = trained_store(problem, [3, 3])
    train_again(store, 0, 1, 2)  # three seeds, of which the long runs share one
    noise = ranking_noise(store.trials, 0.2, 0.1, 400, 800, [0])
    assert noise.first == pytest.approx(0.04 * (1 / 3 + 1) / 2), "of a projection"
    assert noise.second == pytest.approx(0.01), "of what is measured"
    assert noise.shared == pytest.approx(0.01 * CARRIED * (1 / 3 + 1) / 2)
    others = ranking_noise(store.trials, 0.2, 0.1, 400, 1600, [8, 9])
    assert others.first == noise.first and others.second == pytest.approx(0.005) and others.shared == 0
