"""The posterior of Kendall's tau, given how many pairs of a few items two rankings order alike.

The values behind the two rankings count as bivariate normal up to monotone transformations, which ranks do not see.
Then tau = 2 / pi * arcsin(rho), and the mean and variance of the number of concordant pairs are known exactly. The
likelihood is the beta-binomial distribution with that mean and variance, and the prior is uniform over tau.

Sources: Greiner 1909 (tau and rho), Esscher 1924 (the variance; both in Kendall and Gibbons 1990, chapter 10), Spearman
1904 (correlations freed of noise). docs/decisions/0021-what-the-fidelity-report-says.md has its calibration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, pi

import numpy as np
from numpy.typing import NDArray
from scipy.stats import betabinom

_Array = NDArray[np.float64]

NUM_TAUS = 400
"""Values of tau between -1 and 1 at which the posterior is computed."""
_TAUS: _Array = (np.arange(NUM_TAUS) + 0.5) * 2 / NUM_TAUS - 1


@dataclass(frozen=True, slots=True)
class RankingNoise:
    """The noise of the values behind two rankings, the same for all items.

    Args:
        first: variance of the noise of the first values.
        second: variance of the noise of the second values.
        shared: covariance of the two.
    """

    first: float
    second: float
    shared: float


@dataclass(frozen=True, slots=True, eq=False)
class TauPosterior:
    """How probable every value of tau is.

    Args:
        taus: values between -1 and 1, ascending, shape (k,).
        weights: their probabilities, shape (k,); they sum to 1.
    """

    taus: _Array
    weights: _Array

    @classmethod
    def of(cls, first: Sequence[float], second: Sequence[float]) -> "TauPosterior":
        """The posterior given two values of every item.

        Args:
            first: one value per item, two items or more.
            second: the other values of the same items. A pair that is tied on either side counts as half concordant.
        """
        weights = likelihood(len(first), num_concordant(first, second), _TAUS)
        return cls(_TAUS, weights / weights.sum())

    @property
    def mean(self) -> float:
        """The posterior mean."""
        return float(self.taus @ self.weights)

    def quantile(self, share: float) -> float:
        """The value below which this share of the probability lies, 0 to 1."""
        place = int(np.searchsorted(np.cumsum(self.weights), share))
        return float(self.taus[min(place, len(self.taus) - 1)])

    def above(self, tau: float) -> float:
        """The probability that tau is larger, 0 to 1."""
        return float(self.weights[self.taus > tau].sum())

    def freed(self, first: Sequence[float], second: Sequence[float], noise: RankingNoise) -> "TauPosterior | None":
        """The posterior of tau between the values without their noise.

        Args:
            first: the values that this is the posterior of.
            second: the others.
            noise: of both.

        Returns:
            None if the items of one side differ by no more than noise.
        """
        taus = freed_of_noise(self.taus, first, second, noise)
        return None if taus is None else TauPosterior(taus, self.weights)


def num_concordant(first: Sequence[float], second: Sequence[float]) -> float:
    """How many pairs of items two rankings order alike; a pair that is tied on either side counts half."""
    ours, theirs = (np.sign(np.subtract.outer(np.asarray(side), np.asarray(side))) for side in (first, second))
    num_pairs = len(first) * (len(first) - 1) / 2
    return float((num_pairs + (ours * theirs).sum() / 2) / 2)


def likelihood(num_items: int, concordant: float, taus: _Array) -> _Array:
    """How likely a number of concordant pairs is.

    Args:
        num_items: two or more.
        concordant: pairs that are ordered alike; halves are interpolated.
        taus: between -1 and 1, both excluded.

    Returns:
        a probability for every tau.
    """
    num_pairs = num_items * (num_items - 1) // 2
    share = (1 + taus) / 2
    # By how much the pairs of a sample, which share items, vary more than independent ones: their mean correlation.
    together = 2 * (num_items - 2) * (1 / 9 - (2 / pi * np.arcsin(_rho(taus) / 2)) ** 2)
    correlation = np.maximum(together / (1 - taus**2) / max(1, num_pairs - 1), 1e-6)
    size = 1 / correlation - 1
    below = int(concordant)
    found: _Array = sum(
        part * betabinom.pmf(count, num_pairs, share * size, (1 - share) * size)
        for count, part in ((below, 1 - concordant + below), (below + 1, concordant - below))
        if part
    )
    return found


def noise_ceiling(values: Sequence[float], noise: float) -> float | None:
    """The tau between two measurements of the same items that differ by their noise alone.

    Args:
        values: one measurement per item.
        noise: variance of its noise, in the square of its unit.

    Returns:
        0 to 1; None for fewer than two items, or if they are all the same.
    """
    spread = float(np.var(values, ddof=1)) if len(values) > 1 else 0.0
    return 2 / pi * asin(max(0.0, 1 - noise / spread)) if spread else None


def freed_of_noise(taus: _Array, first: Sequence[float], second: Sequence[float], noise: RankingNoise) -> _Array | None:
    """The tau between the values without their noise, given that between the values with it.

    Args:
        taus: between the values as they are, any shape.
        first: one value per item, two items or more.
        second: the other values of the same items.
        noise: of both.

    Returns:
        -1 to 1, in the shape of `taus`; None if the items of one side differ by no more than noise.
    """
    ours, theirs = np.var(first, ddof=1), np.var(second, ddof=1)
    if ours <= noise.first or theirs <= noise.second:
        return None
    covariance = _rho(taus) * np.sqrt(ours * theirs) - noise.shared
    rho = covariance / np.sqrt((ours - noise.first) * (theirs - noise.second))
    freed: _Array = 2 / pi * np.arcsin(np.clip(rho, -1, 1))
    return freed


def _rho(taus: _Array) -> _Array:
    found: _Array = np.sin(pi / 2 * taus)
    return found
