"""By how much one entry is better than another, and how surely."""

import pytest

from nas.report.study.comparison import Comparison, beaten, indistinguishable
from nas.results.front import Estimate
from nas.results.objective import Objective
from tests.fronts import OBJECTIVES, QUALITY, make_point


def _estimated(trial: int, mean: float, deviation: float | None):
    return make_point(trial, estimates={"quality": Estimate(mean=mean, standard_deviation=deviation)})


def test_a_gain_has_the_deviation_of_both():
    found = Comparison.of(_estimated(1, 2.0, 0.03), _estimated(2, 2.1, 0.04), QUALITY)
    assert [found.gain, found.deviation] == pytest.approx([0.1, 0.05])
    assert found.probability == pytest.approx(0.97725, abs=1e-5), "two deviations above 0"
    assert found.is_told_apart


def test_more_is_better_where_the_objective_says_so():
    accuracy = Objective(name="quality", unit="share", direction="maximize")
    assert Comparison.of(_estimated(1, 0.8, 0.1), _estimated(2, 0.7, 0.1), accuracy).gain == pytest.approx(0.1)


@pytest.mark.parametrize("deviation", [None, 0.0])
def test_without_noise_every_difference_counts(deviation):
    found = Comparison.of(_estimated(1, 2.0, deviation), _estimated(2, 2.001, deviation), QUALITY)
    assert found.probability is None and found.is_told_apart


def test_only_neighbours_whose_order_is_open_are_joined():
    near, nearer, far = _estimated(1, 2.0, 0.01), _estimated(2, 2.005, 0.01), _estimated(3, 2.3, 0.01)
    assert indistinguishable([far, near, nearer], QUALITY) == [(near, nearer)]


def test_beaten_means_dominated():
    cheap, dear, same = make_point(1, flops=0.2), make_point(2, flops=0.4), make_point(3, flops=0.2)
    assert beaten(cheap, dear, OBJECTIVES) and not beaten(dear, cheap, OBJECTIVES)
    assert not beaten(cheap, same, OBJECTIVES), "equals beat no one"
