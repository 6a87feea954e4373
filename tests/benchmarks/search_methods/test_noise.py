"""The noise of a table, found again in tables that were drawn with a noise that is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_methods.noise import Array, TableNoise, rung_root, shrunken

NUM_PATTERNS, RUNGS = 120, 3
COVARIANCE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 1.0], [0.5, 1.0, 2.0]])


def features(generator: np.random.Generator) -> Array:
    return generator.standard_normal((NUM_PATTERNS, 2))


def drawn(generator: np.random.Generator, true: Array, num_seeds: int) -> Array:
    """Curves with independent noise of the known covariance, shape (patterns, seeds, rungs)."""
    noise = generator.standard_normal((NUM_PATTERNS, num_seeds, RUNGS)) @ np.linalg.cholesky(COVARIANCE).T
    return true[:, None] + noise


def test_the_covariance_between_rungs_is_found_whatever_the_qualities() -> None:
    generator = np.random.default_rng(0)
    true = 100 * generator.standard_normal((NUM_PATTERNS, RUNGS))
    root = rung_root(drawn(generator, true, 40))
    assert root @ root.T == pytest.approx(COVARIANCE, abs=0.2)


@given(curves=st.integers(0, 10**6), num_seeds=st.integers(2, 4))
def test_the_covariance_is_that_of_residuals_from_the_mean(curves: int, num_seeds: int) -> None:
    sample = np.random.default_rng(curves).standard_normal((20, num_seeds, RUNGS))
    residual = sample - sample.mean(axis=1, keepdims=True)
    oracle = np.einsum("psr,psq->rq", residual, residual) / (20 * (num_seeds - 1))
    root = rung_root(sample)
    assert root @ root.T == pytest.approx(oracle)


def test_draws_have_the_noise_that_they_were_fitted_to() -> None:
    generator = np.random.default_rng(1)
    curves = drawn(generator, np.zeros((NUM_PATTERNS, RUNGS)), 4)
    noise = TableNoise.of(curves, features(generator))
    sample = np.array([noise.draw(generator) for _ in range(300)])
    assert np.cov(sample.reshape(-1, RUNGS).T) == pytest.approx(COVARIANCE, abs=0.5)
    assert noise.share <= 0.1


def test_luck_that_neighbours_share_is_found_and_drawn() -> None:
    generator = np.random.default_rng(2)
    places = features(generator)
    squared = ((places[:, None] - places[None]) ** 2).sum(axis=-1)
    common = np.linalg.cholesky(np.exp(-squared / 4) + 1e-6 * np.eye(NUM_PATTERNS))
    curves = np.stack(
        [
            common @ generator.standard_normal((NUM_PATTERNS, RUNGS))
            + 0.3 * generator.standard_normal((NUM_PATTERNS, RUNGS))
            for _ in range(2)
        ],
        axis=1,
    )
    noise = TableNoise.of(curves, places)
    assert noise.share >= 0.6
    near, far = (squared + 99 * np.eye(NUM_PATTERNS)).argmin(axis=1), squared.argmax(axis=1)
    sample = np.array([noise.draw(generator) for _ in range(200)])
    shared = [np.mean(sample * sample[:, other]) / np.mean(sample**2) for other in (near, far)]
    assert shared[0] > 0.5 > 0.2 > abs(shared[1])


def test_noise_goes_to_other_patterns_and_fewer_rungs() -> None:
    generator = np.random.default_rng(4)
    own = TableNoise.of(drawn(generator, np.zeros((NUM_PATTERNS, RUNGS)), 4), features(generator))
    other = own.among(generator.standard_normal((30, 3)), [0, 2])
    sample = np.array([other.draw(generator) for _ in range(600)])
    assert sample.shape == (600, 30, 2) and (other.share, other.length) == (own.share, own.length)
    assert np.cov(sample.reshape(-1, 2).T) == pytest.approx(COVARIANCE[np.ix_([0, 2], [0, 2])], abs=0.5)


def test_means_freed_of_noise_lie_closer_to_the_truth() -> None:
    generator = np.random.default_rng(3)
    true = generator.standard_normal((NUM_PATTERNS, 1)) * np.array([1.0, 1.5, 2.0]) + 5
    curves = drawn(generator, true, 2)
    error = ((shrunken(curves, rung_root(curves)) - true) ** 2).mean()
    assert error < 0.6 * ((curves.mean(axis=1) - true) ** 2).mean()
