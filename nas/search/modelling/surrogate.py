"""A surrogate of training: it predicts the last rung from the known rungs and from the patterns themselves.

Short training runs favour narrow windows, so their scores are biased by a pattern's mask. After Kennedy and O'Hagan
(2000) every rung continues those below it, shifted by a function of the pattern that is learned from the trials that
got further. With few such trials it is little more than an extrapolation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from nas.search.modelling.regression import Regression

Array = NDArray[np.float64]

GOES_ON = 0.6
"""Share of the last change that the next change is expected to be where every rung is twice as long as the last."""
MOST_BELOW = 2
"""Rungs just below a rung from which it is predicted."""
_COURSE = (np.zeros((0, 0)), np.array([[1.0]]), np.array([[0.0, -1.0], [1.0, 1.0]]))
"""From the values just below to the last value and the last change."""
FACTOR = 0.2
"""Prior standard deviation of the factors of the last value and of the last change, about their prior means."""
SHIFT = 5.0
"""Prior standard deviation of the gain that all trials share between two rungs, in units of the shift by features."""
MOVED = 0.3
"""Prior scale of the shift by features between two rungs, in standard deviations of the lower one."""
PRIOR_VALUES = 4
"""How many values the spread of the rung below is worth when that of a rung is estimated."""
OUTLYING = 4.0
"""Values are clipped this far beyond the median, in distances of the best value from it."""
LEAST_BOUNDED = 5
"""With fewer known values than this, none is clipped."""
JITTER = 1e-9
"""Added to the diagonal of covariances before they are factored, as a share of its largest entry."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The forecasts of m trials, each on its own.

    Args:
        mean: shape (m,).
        deviation: standard deviations, shape (m,).
    """

    mean: Array
    deviation: Array


@dataclass(frozen=True, slots=True, eq=False)
class JointPrediction:
    """The forecasts of m trials, jointly Gaussian.

    Args:
        mean: shape (m,).
        covariance: shape (m, m).
        noise: the part of the variance of values unknown at the last rung that is measurement noise.
    """

    mean: Array
    covariance: Array
    noise: float

    def sample(self, num: int, seed: int) -> Array:
        """Joint draws, shape (num, m)."""
        return self.given(len(self.mean), num, seed)[0]

    def given(self, first: int, num: int, seed: int) -> tuple[Array, Array, Array]:
        """Joint draws of the first trials, and the distribution of the others given each draw.

        Args:
            first: how many trials are drawn.
            num: draws.
            seed: of the draws.

        Returns:
            the draws, shape (num, first); for each of them the means of the others, shape (num, m - first); and the
            standard deviations of these, shape (m - first,), which are the same for all draws.
        """
        draws, means = np.tile(self.mean[:first], (num, 1)), np.tile(self.mean[first:], (num, 1))
        variance = np.diag(self.covariance)[first:].copy()
        uncertain = np.flatnonzero(np.diag(self.covariance)[:first] > 0)
        if len(uncertain):
            block = self.covariance[np.ix_(uncertain, uncertain)]
            root = cholesky(block + JITTER * np.diag(block).max() * np.eye(len(uncertain)), lower=True)
            normal = np.random.default_rng(seed).standard_normal((num, len(uncertain)))
            across = solve_triangular(root, self.covariance[uncertain, first:], lower=True)
            draws[:, uncertain] += normal @ root.T
            means += normal @ across
            variance -= (across**2).sum(axis=0)
        return draws, means, np.sqrt(np.maximum(variance, 0))


class Surrogate:
    """A chain of regressions, one per rung.

    Args:
        features: of all trials, shape (trials, f).
        values: at every rung, to be minimised, shape (trials, rungs); NaN where a trial was not trained to. A trial
            that has a rung has all below it.
        rungs: in optimiser steps, ascending.
    """

    def __init__(self, features: Array, values: Array, rungs: Sequence[int]) -> None:
        deviation = features.std(axis=0) if len(features) else np.zeros(features.shape[1])
        self._used = deviation > 1e-9
        self._center = features[:, self._used].mean(axis=0) if len(features) else np.zeros(0)
        self._spread = deviation[self._used]
        standardised = self._standardised(features)
        self._bounds = np.array([_bound(column) for column in values.T])
        values = np.minimum(values, self._bounds)
        self._rungs: list[_Rung] = []
        spread = _first_spread(values[:, 0])
        for rung in range(values.shape[1]):
            known = ~np.isnan(values[:, rung])
            below = values[known, max(0, rung - MOST_BELOW) : rung]
            scale = MOVED * spread if rung else spread
            prior = prior_factors(rungs[max(0, rung - MOST_BELOW) : rung + 1])
            self._rungs.append(_Rung(standardised[known], below, values[known, rung], scale, prior))
            spread = _spread(values[:, rung], spread)

    def predict(self, features: Array, values: Array) -> Prediction:
        """The values at the last rung as a training run would measure them; without variance where they are known.

        While no trial has reached a rung, those below are extrapolated, and the variance leaves out the gain that all
        trials would share.

        Args:
            features: shape (m, f).
            values: the known values, shape (m, rungs); all NaN for a pattern that was never trained.
        """
        mean, variance = self._predict(features, values, jointly=False)
        return Prediction(mean, np.sqrt(np.maximum(variance, 0)))

    def predict_jointly(self, features: Array, values: Array) -> JointPrediction:
        """The same with covariances; takes longer the more trials there are."""
        mean, covariance = self._predict(features, values, jointly=True)
        return JointPrediction(mean, covariance, self._rungs[-1].noise)

    def _predict(self, features: Array, values: Array, jointly: bool) -> tuple[Array, Array]:
        """Mean, and covariance, shape (m, m), or variance, shape (m,), by the same steps on the diagonal alone."""
        standardised, means = self._standardised(features), np.minimum(values, self._bounds)
        shape = (len(values),) * (2 if jointly else 1)
        state: list[list[Array]] = []  # covariances between the rungs just below, each of that shape
        for index, rung in enumerate(self._rungs):
            open_ = np.isnan(values[:, index])
            below = means[:, index - len(state) : index]
            means[open_, index], own = rung.predict(standardised[open_], below[open_], jointly)
            across = [(_weighted(rung.factors, column).T * open_).T for column in zip(*state, strict=True)]
            inherited = _weighted(rung.factors, across) * open_ if across else np.zeros(shape)
            inherited[np.ix_(*(open_ for _ in shape))] += own
            state = [[*row, there.T] for row, there in zip(state, across, strict=True)] + [[*across, inherited]]
            state = [row[-MOST_BELOW:] for row in state[-MOST_BELOW:]]
        return np.where(np.isnan(values[:, -1]), means[:, -1], values[:, -1]), state[-1][-1]

    def _standardised(self, features: Array) -> Array:
        scaled: Array = (features[:, self._used] - self._center) / self._spread
        return scaled


class _Rung:
    """Values at one rung, given those at the rungs just below and features.

    Args:
        features: standardised, shape (n, f).
        below: values at the rungs just below, in their order, shape (n, up to MOST_BELOW).
        values: at this rung, shape (n,).
        scale: how far features are expected to move values.
        prior: expected factors of the values below, shape (up to MOST_BELOW,).
    """

    def __init__(self, features: Array, below: Array, values: Array, scale: float, prior: Array) -> None:
        self._scale, self._prior = scale, prior
        self._center = below.mean(axis=0) if len(below) else np.zeros(below.shape[1])
        surplus = values - below @ self._prior
        self._shift = float(surplus.mean()) if len(surplus) else 0.0
        deviations = np.array([SHIFT if len(values) else 0.0, *(FACTOR for _ in self._prior)])
        self._regression = Regression(features, self._inputs(below), (surplus - self._shift) / scale, deviations)
        self.factors: Array = self._prior + _COURSE[below.shape[1]] @ self._regression.coefficients[1:]

    def predict(self, features: Array, below: Array, jointly: bool) -> tuple[Array, Array]:
        """Mean and covariance, or variance, at this rung given the values below."""
        regress = self._regression.predict_jointly if jointly else self._regression.predict
        mean, spread = regress(features, self._inputs(below))
        return mean * self._scale + self._shift + below @ self._prior, spread * self._scale**2

    @property
    def noise(self) -> float:
        """Variance of the noise."""
        return self._regression.noise * self._scale**2

    def _inputs(self, below: Array) -> Array:
        course = (below - self._center) @ _COURSE[below.shape[1]] / self._scale
        return np.column_stack([np.ones(len(below)), course])


def prior_factors(rungs: Sequence[int]) -> Array:
    """The expected factors by which values at the rungs below the last one of these add up to that one's.

    With two below, curves are expected to fall as a power of the steps: by GOES_ON of the last change if every rung is
    twice as long as the one before, by more if the last step is a longer one.

    Args:
        rungs: in optimiser steps, ascending, at most MOST_BELOW + 1.

    Returns:
        shape (len(rungs) - 1,); sums to 1.
    """
    if len(rungs) <= MOST_BELOW:
        return np.ones(len(rungs) - 1)
    first, second, third = (float(rung) ** log2(GOES_ON) for rung in rungs)
    goes_on = (second - third) / (first - second)
    return np.array([-goes_on, 1 + goes_on])


def _weighted(weights: Array, terms: Sequence[Array]) -> Array:
    total: Array = np.sum([weight * term for weight, term in zip(weights, terms, strict=True)], axis=0)
    return total


def _bound(values: Array) -> float:
    """The value at which bad ones are clipped: how bad they are is irrelevant to good ones, and stretches scales."""
    known = values[~np.isnan(values)]
    median = float(np.median(known)) if len(known) else 0.0
    better = median - float(known.min()) if len(known) >= LEAST_BOUNDED else 0.0
    return median + OUTLYING * better if better > 0 else np.inf


def _first_spread(values: Array) -> float:
    """Standard deviation at the first rung; 1 while no two values differ."""
    known = values[~np.isnan(values)]
    spread = float(known.std()) if len(known) else 0.0
    return spread if spread > 0 else 1.0


def _spread(values: Array, prior: float) -> float:
    """Standard deviation of the known values, shrunk towards its prior the fewer of them there are."""
    known = values[~np.isnan(values)]
    squares = float(((known - known.mean()) ** 2).sum()) if len(known) else 0.0
    return float(np.sqrt((PRIOR_VALUES * prior**2 + squares) / (PRIOR_VALUES + max(0, len(known) - 1))))
