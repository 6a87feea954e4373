"""The noise of a table: what its seeds say about how far two runs of one pattern lie apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

Array = NDArray[np.float64]

SHARES = tuple(tenths / 10 for tenths in range(10))
"""Shares of the noise that may be common to similar patterns."""
LENGTHS = (0.25, 0.5, 1.0, 2.0)
"""Distances over which it may be common, in median distances between patterns."""
JITTER = 1e-9
"""Added to a covariance's diagonal before its root is taken."""


@dataclass(frozen=True)
class TableNoise:
    """Noise of every pattern of a table at every rung, Gaussian.

    Args:
        rung_root: Cholesky factor of the covariance between rungs, shape (rungs, rungs).
        pattern_root: Cholesky factor of the correlation between patterns, shape (patterns, patterns).
        share: of the variance that similar patterns have in common: what is good luck for a pattern is good luck for
            its neighbours, and no model of the scores can average it out.
        length: over which it is common, in median distances between patterns.
    """

    rung_root: Array
    pattern_root: Array
    share: float
    length: float

    @classmethod
    def of(cls, curves: Array, features: Array) -> "TableNoise":
        """The noise of a table of two seeds or more.

        Args:
            curves: qualities, shape (patterns, seeds, rungs).
            features: of the patterns, shape (patterns, f).
        """
        root = rung_root(curves)
        whitened = np.linalg.solve(root, _contrasts(curves).transpose(0, 2, 1)).transpose(0, 2, 1)
        columns = np.concatenate(list(whitened), axis=1)
        settings = [(share, length) for length in LENGTHS for share in SHARES]
        share, length = max(settings, key=lambda one: _likelihood(columns, _correlation(features, *one)))
        return cls(root, _cholesky(_correlation(features, share, length)), share, length)

    def among(self, features: Array, places: Sequence[int]) -> "TableNoise":
        """The same noise among other patterns and at some of the rungs.

        Args:
            features: of the patterns, shape (patterns, f).
            places: of the rungs among this noise's own.
        """
        covariance = (self.rung_root @ self.rung_root.T)[np.ix_(places, places)]
        correlation = _correlation(features, self.share, self.length)
        return TableNoise(_cholesky(covariance), _cholesky(correlation), self.share, self.length)

    def draw(self, generator: np.random.Generator) -> Array:
        """One seed's noise, shape (patterns, rungs)."""
        independent = generator.standard_normal((len(self.pattern_root), len(self.rung_root)))
        return self.pattern_root @ independent @ self.rung_root.T


def rung_root(curves: Array) -> Array:
    """Cholesky factor of the noise's covariance between rungs, from qualities of shape (patterns, seeds, rungs)."""
    fields = _contrasts(curves).reshape(-1, curves.shape[-1])
    return _cholesky(fields.T @ fields / len(fields))


def shrunken(curves: Array, root: Array) -> Array:
    """What the seeds of a table say about the quality of every pattern at every rung, freed of the noise in their mean.

    Means are drawn towards the mean pattern by as much of their covariance between rungs as is noise: the posterior
    mean of a Gaussian pattern (Efron and Morris 1972).

    Args:
        curves: qualities, shape (patterns, seeds, rungs).
        root: of the covariance of one run's noise between rungs, such as `rung_root(curves)`.

    Returns:
        shape (patterns, rungs).
    """
    means = curves.mean(axis=1)
    noise = root @ root.T / curves.shape[1]
    values, vectors = np.linalg.eigh(np.cov(means.T) - noise)
    between = vectors @ np.diag(np.maximum(values, 0.0)) @ vectors.T
    centre = means.mean(axis=0)
    known: Array = centre + (means - centre) @ np.linalg.solve(between + noise, between)
    return known


def _contrasts(curves: Array) -> Array:
    """Orthonormal contrasts between seeds, each with one run's noise and no quality; shape (seeds - 1, p, rungs)."""
    contrasts: Array = np.einsum("cs,psr->cpr", helmert(curves.shape[1]), curves)
    return contrasts


def _correlation(features: Array, share: float, length: float) -> Array:
    """Of the noise between patterns: a share of it by a Gaussian kernel over their standardised features."""
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    squared = ((scaled[:, None] - scaled[None]) ** 2).sum(axis=-1)
    unit = np.median(squared[np.triu_indices(len(scaled), 1)])
    identity = np.eye(len(features))
    kernel: Array = np.exp(-squared / (2 * unit * length**2))
    return (1 - share) * identity + share * kernel + JITTER * identity


def _likelihood(columns: Array, correlation: Array) -> float:
    """Log-likelihood of independent columns, up to a constant."""
    root = _cholesky(correlation)
    distances = np.linalg.solve(root, columns)
    return float(-columns.shape[1] * np.log(np.diag(root)).sum() - (distances**2).sum() / 2)


def _cholesky(covariance: Array) -> Array:
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
