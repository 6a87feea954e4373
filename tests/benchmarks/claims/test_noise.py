"""Intervals hold the truth as often as they say."""

import numpy as np
import pytest
from claims.noise import CONFIDENCE, Noise

from nas.statistics.rank_agreement import Interval

NUM_TABLES, NUM_PATTERNS, NUM_SEEDS, DEVIATION = 1000, 17, 2, 0.014


@pytest.fixture(scope="module")
def tables() -> np.ndarray:
    """Deviations of runs from the truth of their pattern, shape (tables, patterns, seeds)."""
    return np.random.default_rng(0).normal(0, DEVIATION, (NUM_TABLES, NUM_PATTERNS, NUM_SEEDS))


def noise_of(table: np.ndarray) -> Noise:
    found = Noise.of(table.tolist())
    assert found is not None
    return found


def share(held: list[bool]) -> float:
    return float(np.mean(held))


def test_intervals_of_means_and_of_differences_hold_the_truth(tables: np.ndarray) -> None:
    means, differences = [], []
    for table in tables:
        noise, (first, second, *_) = noise_of(table), table.mean(axis=1)
        means.append(holds(noise.interval(first, NUM_SEEDS)))
        differences.append(holds(noise.interval(first - second, NUM_SEEDS, NUM_SEEDS)))
    assert share(means) == pytest.approx(CONFIDENCE, abs=0.02)
    assert share(differences) == pytest.approx(CONFIDENCE, abs=0.02)


def test_two_runs_of_a_pattern_differ_by_less_than_the_margin(tables: np.ndarray) -> None:
    within = [abs(table[0, 0] - table[0, 1]) < noise_of(table[1:]).margin for table in tables]
    assert share(within) == pytest.approx(CONFIDENCE, abs=0.02)


def test_patterns_of_one_run_say_nothing_of_noise() -> None:
    assert Noise.of([[2.0], [3.0], []]) is None
    assert Noise.of([[2.0], [1.0, 3.0], [5.0, 7.0], []]) == Noise(2**0.5, 2)


def test_more_runs_make_a_mean_more_exact() -> None:
    noise = Noise(1.0, 10)
    widths = [width(noise.interval(0.0, count)) for count in (1, 4)]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert width(noise.interval(0.0, 2, 2)) == pytest.approx(widths[0])


def holds(interval: Interval) -> bool:
    return interval.low < 0 < interval.high


def width(interval: Interval) -> float:
    return interval.high - interval.low
