"""The posterior of tau against simulated rankings, plain loops and scipy."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from nas.statistics.tau_posterior import (
    RankingNoise,
    TauPosterior,
    freed_of_noise,
    likelihood,
    noise_ceiling,
    num_concordant,
)
from tests.strategies import quick

SILENT = RankingNoise(0.0, 0.0, 0.0)


def drawn(tau: float, num_items: int, num: int, noise: float = 0.0, shared: float = 0.0, seed: int = 0):
    """Samples of two measurements of items, shape (num, num_items, 2), whose true values agree at tau."""
    draw = np.random.default_rng(seed)

    def pairs(rho: float):
        return draw.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=(num, num_items))

    return pairs(math.sin(math.pi / 2 * tau)) + noise * pairs(shared)


@quick
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=9))
def test_pairs_are_counted_one_by_one(items: list[tuple[float, float]]) -> None:
    signs = [(a - c) * (b - d) for (a, b), (c, d) in combinations(items, 2)]
    assert num_concordant(*zip(*items, strict=True)) == sum(1 if s > 0 else 0.5 if s == 0 else 0 for s in signs)


@pytest.mark.parametrize("num_items", [2, 3, 7])
@pytest.mark.parametrize("tau", [-0.3, 0.0, 0.5, 0.8])
def test_the_likelihood_has_the_distribution_of_simulated_counts(num_items: int, tau: float) -> None:
    """The same mean and variance, and nearly the same probabilities of any count or fewer."""
    counts = [num_concordant(*sample.T) for sample in drawn(tau, num_items, 4000)]
    support = np.arange(num_items * (num_items - 1) // 2 + 1)
    chance = np.array([likelihood(num_items, float(count), np.array([tau]))[0] for count in support])
    mean = float(chance @ support)
    assert chance.sum() == pytest.approx(1)
    assert mean == pytest.approx(np.mean(counts), abs=0.02 * len(support))
    assert chance @ (support - mean) ** 2 == pytest.approx(np.var(counts), rel=0.07)
    simulated = np.bincount(np.array(counts, dtype=int), minlength=len(support)).cumsum() / len(counts)
    assert np.abs(chance.cumsum() - simulated).max() < 0.06


@pytest.mark.parametrize("num_items", [5, 7, 12])
@pytest.mark.parametrize("tau", [0.2, 0.5, 0.8])
def test_nine_intervals_of_ten_hold_the_truth(num_items: int, tau: float) -> None:
    """benchmarks/tau_posterior.py has the same with many samples and with noise."""
    found = [TauPosterior.of(*sample.T) for sample in drawn(tau, num_items, 200)]
    held = np.mean([one.quantile(0.05) <= tau <= one.quantile(0.95) for one in found])
    assert 0.85 <= held <= 0.97


def test_the_posterior_is_the_bayes_rule_on_a_grid() -> None:
    first, second = [1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 3.0, 2.0, 4.0, 5.0]
    found = TauPosterior.of(first, second)
    taus = np.linspace(-0.9995, 0.9995, 2000)
    weights = likelihood(5, 9, taus)
    weights /= weights.sum()
    assert found.mean == pytest.approx(taus @ weights, abs=1e-3)
    assert found.above(0.5) == pytest.approx(weights[taus > 0.5].sum(), abs=5e-3)
    assert found.quantile(0.05) == pytest.approx(taus[np.searchsorted(weights.cumsum(), 0.05)], abs=0.01)
    assert -1 < found.quantile(0.05) < found.mean < found.quantile(0.95) < 1


def test_a_tie_says_nothing_either_way() -> None:
    tied = TauPosterior.of([1.0, 1.0], [1.0, 2.0])
    assert tied.mean == pytest.approx(0, abs=1e-6)
    assert TauPosterior.of([1.0, 2.0], [1.0, 2.0]).mean > 0.3 > -0.3 > TauPosterior.of([1.0, 2.0], [2.0, 1.0]).mean


@quick
@given(st.integers(2, 9), st.integers(0, 99))
def test_more_concordant_pairs_raise_tau(num_items: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    first, second = list(range(num_items)), list(draw.permutation(num_items))
    place = next((at for at in range(num_items - 1) if second[at] > second[at + 1]), None)
    if place is not None:
        better = list(second)
        better[place], better[place + 1] = second[place + 1], second[place]
        assert TauPosterior.of(first, better).mean > TauPosterior.of(first, second).mean


def test_the_ceiling_is_what_two_measurements_reach() -> None:
    (sample,) = drawn(1.0, 2000, 1, noise=0.5)
    first, second = sample.T
    ceiling = noise_ceiling(list(first), 0.25)
    assert ceiling == pytest.approx(kendalltau(first, second).statistic, abs=0.03)
    assert noise_ceiling([1.0, 2.0], 9.0) == 0.0 and noise_ceiling([1.0, 2.0], 0.0) == 1.0
    assert noise_ceiling([1.0], 1.0) is None and noise_ceiling([2.0, 2.0], 1.0) is None


@pytest.mark.parametrize("shared", [0.0, 0.8])
@pytest.mark.parametrize("tau", [-0.4, 0.3, 0.7])
def test_without_noise_true_values_are_left(tau: float, shared: float) -> None:
    (sample,) = drawn(tau, 2000, 1, noise=0.5, shared=shared)
    first, second = (list(side) for side in sample.T)
    measured, noise = kendalltau(first, second).statistic, RankingNoise(0.25, 0.25, 0.25 * shared)
    assert freed_of_noise(np.array([measured]), first, second, noise) == pytest.approx([tau], abs=0.05)
    found = TauPosterior.of(first, second).freed(first, second, noise)
    assert found.mean == pytest.approx(tau, abs=0.05)


def test_no_noise_leaves_tau_and_too_much_leaves_nothing() -> None:
    first, second = [1.0, 2.0, 4.0], [1.0, 3.0, 2.0]
    assert freed_of_noise(np.array([0.3]), first, second, SILENT) == pytest.approx([0.3])
    assert freed_of_noise(np.array([0.3]), first, second, RankingNoise(9.0, 0.0, 0.0)) is None
    assert TauPosterior.of(first, second).freed(first, second, RankingNoise(0.0, 9.0, 0.0)) is None
