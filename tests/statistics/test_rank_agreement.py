"""Agreement of rankings against scipy and against plain loops."""

import math
import random
from itertools import combinations
from statistics import stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from nas.statistics.rank_agreement import (
    kendall_tau,
    kendall_tau_interval,
    pooled_deviation,
    regret,
    share_tied,
    spearman_rho,
)

few_values = st.integers(-3, 3).map(float)
pairs = st.lists(st.tuples(few_values, few_values), min_size=2, max_size=12)
quickly = settings(derandomize=True, deadline=None, max_examples=150)


def by_hand(first: list[float], second: list[float], margin: float = 0.0, groups: list[int] | None = None):
    """Tau-b, pair by pair, from its definition."""
    both = one = other = 0
    for i, j in combinations(range(len(first)), 2):
        if groups is not None and groups[i] != groups[j]:
            continue
        a = (first[i] > first[j]) - (first[i] < first[j])
        b = (second[i] > second[j]) - (second[i] < second[j])
        if abs(second[i] - second[j]) < margin:
            b = 0
        both, one, other = both + a * b, one + abs(a), other + abs(b)
    return both / math.sqrt(one * other) if one and other else None


@quickly
@given(pairs)
def test_tau_is_scipys(items: list[tuple[float, float]]) -> None:
    first, second = map(list, zip(*items, strict=True))
    expected = kendalltau(first, second).statistic
    tau = kendall_tau(first, second)
    assert (tau is None) == bool(np.isnan(expected))
    assert tau is None or tau == pytest.approx(expected, abs=1e-12)


@quickly
@given(pairs, st.sampled_from([0.0, 0.5, 1.0, 2.5]), st.booleans())
def test_margins_and_groups_are_what_the_definition_says(items, margin: float, grouped: bool) -> None:
    first, second = map(list, zip(*items, strict=True))
    groups = [index % 3 for index in range(len(first))] if grouped else None
    expected = by_hand(first, second, margin, groups)
    tau = kendall_tau(first, second, margin=margin, groups=groups)
    assert tau == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_the_same_ranking_is_one_and_the_reverse_minus_one() -> None:
    values = [3.0, 1.0, 2.0]
    assert kendall_tau(values, values) == 1
    assert kendall_tau(values, [-value for value in values]) == -1


@pytest.mark.parametrize("constant", [[1.0, 1.0, 1.0], [math.inf] * 3, [], [1.0]])
def test_nothing_to_compare_is_none_and_never_nan(constant: list[float]) -> None:
    rising = [float(index) for index in range(len(constant))]
    assert kendall_tau(constant, rising) is None
    assert kendall_tau(rising, constant) is None
    assert kendall_tau_interval(constant, rising) is None


def test_what_diverged_is_last_and_tied() -> None:
    assert kendall_tau([1.0, math.inf, math.inf], [1.0, 2.0, 2.0]) == 1
    assert kendall_tau([1.0, math.inf, math.inf], [1.0, math.inf, math.inf], margin=0.5) == 1


def test_a_value_that_is_not_known_is_refused() -> None:
    with pytest.raises(AssertionError, match="has no rank"):
        kendall_tau([1.0, math.nan], [1.0, 2.0])


def noisy(num_items: int) -> tuple[list[float], list[float]]:
    draws = random.Random(1)
    first = [draws.gauss(0, 1) for _ in range(num_items)]
    return first, [value + draws.gauss(0, 1) for value in first]


def test_the_interval_is_the_bootstraps() -> None:
    """The same draws, item by item, with scipy's tau-b."""
    first, second = (np.array(side) for side in noisy(30))
    counts = np.random.default_rng(5).multinomial(30, [1 / 30] * 30, size=200)
    taus = [kendalltau(np.repeat(first, count), np.repeat(second, count)).statistic for count in counts]
    low, high = np.quantile(taus, [0.05, 0.95])
    interval = kendall_tau_interval(list(first), list(second), confidence=0.9, num_resamples=200, seed=5)
    assert (interval.low, interval.high) == (pytest.approx(low), pytest.approx(high))  # type: ignore[comparison-overlap]


def test_the_interval_holds_the_value_and_repeats() -> None:
    first, second = noisy(60)
    interval, tau = kendall_tau_interval(first, second), kendall_tau(first, second)
    assert interval is not None and tau is not None
    assert -1 <= interval.low < tau < interval.high <= 1
    assert interval == kendall_tau_interval(first, second) != kendall_tau_interval(first, second, seed=1)


def test_the_interval_narrows_with_more_items() -> None:
    few, many = (kendall_tau_interval(*noisy(count)) for count in (20, 180))
    assert few is not None and many is not None
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_regret_is_what_the_choice_loses() -> None:
    truth, proxy = [2.0, 2.5, 3.0, 1.9], [0.3, 0.1, 0.2, 0.9]
    assert regret(truth, proxy) == pytest.approx(0.6)
    assert regret(truth, proxy, num_chosen=3) == pytest.approx(0.1)
    assert regret(truth, proxy, num_chosen=4) == regret(truth, truth) == 0
    assert regret(truth, proxy, num_chosen=99) == 0


def test_a_tie_of_the_proxy_is_no_luck() -> None:
    assert regret([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]) == regret([3.0, 2.0, 1.0], [0.0, 0.0, 0.0]) == 2.0


@quickly
@given(st.lists(few_values, min_size=2, max_size=10), st.sampled_from([0.0, 1.0, 2.5]))
def test_ties_are_counted_pair_by_pair(values: list[float], margin: float) -> None:
    compared = list(combinations(values, 2))
    tied = sum(one == other or abs(one - other) < margin for one, other in compared)
    assert share_tied(values, margin) == pytest.approx(tied / len(compared))


def test_one_item_has_no_pairs() -> None:
    assert share_tied([1.0], 1.0) is None


def test_deviations_are_pooled_by_their_degrees_of_freedom() -> None:
    assert pooled_deviation([[1.0, 2.0, 4.0]]) == pytest.approx(stdev([1.0, 2.0, 4.0]))
    expected = math.sqrt((2 * stdev([1.0, 2.0, 4.0]) ** 2 + stdev([5.0, 6.0]) ** 2) / 3)
    assert pooled_deviation([[1.0, 2.0, 4.0], [5.0, 6.0], [9.0]]) == pytest.approx(expected)
    assert pooled_deviation([[1.0], []]) is None


@quickly
@given(pairs)
def test_rho_is_scipys(items: list[tuple[float, float]]) -> None:
    first, second = map(list, zip(*items, strict=True))
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert spearman_rho(first, second) is None
    else:
        assert spearman_rho(first, second) == pytest.approx(spearmanr(first, second).statistic)
