"""The posterior of noisy values, on made-up patterns whose true values are known."""

import numpy as np
import pytest

from nas.search.modelling.posterior import LEAST_KNOWN, posterior


def noisy(num: int, noise: float, seed: int, repeats: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, true values and the means of noisy ones."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((num, 3))
    truth = 2.5 + 0.05 * (features[:, 0] + np.sin(features[:, 1]))
    return features, truth, truth + noise * random.standard_normal((repeats, num)).mean(axis=0)


@pytest.mark.parametrize("num", [24, 60])
def test_it_is_nearer_to_the_truth_than_what_was_measured(num: int) -> None:
    measured, estimated = [], []
    for seed in range(20):
        features, truth, values = noisy(num, 0.05, seed)
        found = posterior(features, values, np.ones(num), 0.05)
        measured.append(np.abs(values - truth).mean())
        estimated.append(np.abs(found.mean - truth).mean())
    assert np.mean(estimated) < 0.8 * np.mean(measured)


def test_it_knows_how_far_it_is_from_the_truth() -> None:
    errors = []
    for seed in range(20):
        features, truth, values = noisy(40, 0.05, seed)
        found = posterior(features, values, np.ones(40), 0.05)
        errors += list((found.mean - truth) / found.deviation)
    assert 0.8 < (np.abs(errors) < 1.645).mean() < 0.98


def test_values_without_noise_are_not_moved() -> None:
    features, truth, _ = noisy(40, 0.0, 0)
    found = posterior(features, truth, np.ones(40), 0.0)
    assert np.abs(found.mean - truth).max() < 0.02 * truth.std()


def test_what_is_peculiar_to_a_pattern_stays() -> None:
    """Features that say nothing of values that differ far more than noise: the values are all there is."""
    random = np.random.default_rng(5)
    values = random.standard_normal(30)
    found = posterior(random.standard_normal((30, 3)), values, np.ones(30), 0.05)
    assert np.abs(found.mean - values).max() < 0.1
    assert found.deviation == pytest.approx(np.full(30, 0.05), rel=0.1)


def test_a_value_of_many_seeds_is_moved_less() -> None:
    random = np.random.default_rng(1)
    features, truth, _ = noisy(40, 0.0, 1)
    values = truth + 0.05 * random.standard_normal(40) + 0.05 * random.standard_normal(40)
    once, often = (posterior(features, values, np.where(np.arange(40) == 7, seeds, 1.0), 0.05) for seeds in (1, 50))
    assert abs(often.mean[7] - values[7]) < 0.5 * abs(once.mean[7] - values[7])
    assert often.deviation[7] < once.deviation[7]


def test_a_few_values_or_equal_ones_are_left_alone() -> None:
    features = np.random.default_rng(0).standard_normal((LEAST_KNOWN, 2))
    for values in (np.arange(LEAST_KNOWN - 1.0), np.full(LEAST_KNOWN, 2.0), np.empty(0)):
        seeds = np.full(len(values), 4.0)
        found = posterior(features[: len(values)], values, seeds, 1.0)
        assert found.mean.tolist() == values.tolist()
        assert found.deviation.tolist() == [0.5] * len(values)
    values = np.arange(float(LEAST_KNOWN))
    assert posterior(features, values, np.ones(LEAST_KNOWN), 1.0).mean.tolist() != values.tolist()
