"""The comparison of two rankings by what is true of the patterns."""

import numpy as np
import pytest
from scipy.stats import kendalltau
from two_rankings import compare


def test_a_ranking_that_is_the_true_one_is_better() -> None:
    truth = np.random.default_rng(0).normal(size=32)
    noise = np.random.default_rng(1).normal(size=32)
    found = compare(truth.tolist(), (truth + 2 * noise).tolist(), truth.tolist())
    assert found.second == 1 and found.first < 0.6
    assert 0 < found.low <= found.second - found.first <= found.high


def test_tau_is_kendalls_tau_b_with_ties_on_either_side() -> None:
    truth, first, second = np.random.default_rng(3).integers(6, size=(3, 24)).tolist()
    found = compare(truth, first, second)
    assert found.first == pytest.approx(kendalltau(truth, first).statistic)
    assert found.second == pytest.approx(kendalltau(truth, second).statistic)


def test_rankings_that_are_alike_differ_by_nothing() -> None:
    truth = np.random.default_rng(0).normal(size=32).tolist()
    found = compare(truth, truth, truth)
    assert (found.low, found.high) == (0, 0)


def test_the_other_way_round_the_sign_turns() -> None:
    truth, first, second = np.random.default_rng(2).normal(size=(3, 24)).tolist()
    found, turned = compare(truth, first, second), compare(truth, second, first)
    assert (turned.first, turned.second) == (found.second, found.first)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
