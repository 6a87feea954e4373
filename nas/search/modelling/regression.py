"""Bayesian regression on few points: a linear part, a smooth function of features, and noise."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dtrtrs

Array = NDArray[np.float64]

NOISE_SHARES = (0.05, 0.2, 0.6)
"""Shares of the variance about the linear part that features do not explain."""
LINEAR_SHARES = (0.0, 0.5, 1.0)
"""Shares of the explained variance that are linear in the features; the rest is a smooth function of any form."""
LENGTHS = (0.7, 1.5)
"""Length scales of the smooth function; 1.4 is the typical distance between two points."""
SHAPE = 2.0
"""Of the inverse-gamma prior of the variance, whose mean is 1: worth about 2 * SHAPE observations."""
LEAST_WEIGHT = 0.05
"""Kernels with a likelihood below this share of the best one's are left out of the average."""
MOST_COMPARED = 128
"""Most observations on which kernels are compared; more only take time."""
MOST_FITTED = 256
"""Most observations that a regression is fitted to, evenly spaced among all; fitting takes time with their cube."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """The covariance of observations, in units of the variance.

    Args:
        noise: variance of the noise.
        linear: variance of the part that is linear in the features.
        smooth: variance of the smooth function.
        length: its length scale.
    """

    noise: float
    linear: float
    smooth: float
    length: float

    def explained(self, likeness: "Likeness") -> Array:
        """Covariance of the part that features explain, in the shape of the likeness."""
        if not self.smooth:
            return self.linear * likeness.products
        smooth = np.exp(likeness.squares / (-2 * self.length**2))
        return self.linear * likeness.products + self.smooth * smooth


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """What kernels need of pairs of rows of standardised features, as means over the features.

    Args:
        products: of the two.
        squares: of their differences.
    """

    products: Array
    squares: Array

    @classmethod
    def between(cls, left: Array, right: Array) -> "Likeness":
        """Of every row of `left`, shape (left, f), and every row of `right`, shape (right, f)."""
        num_features = max(1, left.shape[1])
        products = left @ right.T / num_features
        norms = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)
        return cls(products, np.maximum(norms / num_features - 2 * products, 0))

    @classmethod
    def with_itself(cls, features: Array) -> "Likeness":
        """Of every row with itself, shape (rows,)."""
        return cls((features**2).sum(axis=1) / max(1, features.shape[1]), np.zeros(len(features)))


KERNELS = tuple(
    Kernel(noise, (1 - noise) * linear, (1 - noise) * (1 - linear), length)
    for noise, linear, length in product(NOISE_SHARES, LINEAR_SHARES, LENGTHS)
    if linear < 1 or length == LENGTHS[0]
)
"""The kernels that are averaged over, by marginal likelihood."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """One kernel's share of the posterior.

    Args:
        kernel: the kernel.
        weight: how likely it is, given the observations.
        root: lower Cholesky factor of the covariance of the observations, shape (n, n), in units of `variance`.
        whitened: the residuals divided by it, shape (n,).
        variance: posterior mean of the variance.
    """

    kernel: Kernel
    weight: float
    root: Array
    whitened: Array
    variance: float


class Regression:
    """Predicts targets from n observations: targets = inputs @ coefficients + f(features) + noise.

    The prior of the variance has mean 1, so targets should be scaled; coefficients have priors of mean 0. Kernels are
    averaged by how likely they make the observations; with few of these that is near the prior.

    Args:
        features: standardised, shape (n, f); n may be 0.
        inputs: of the linear part, shape (n, k).
        targets: shape (n,).
        deviations: prior standard deviations of the coefficients, shape (k,).
        repeats: how many noisy values each target is the mean of, shape (n,); None for one each.
    """

    def __init__(
        self, features: Array, inputs: Array, targets: Array, deviations: Array, repeats: Array | None = None
    ) -> None:
        fitted = np.linspace(0, max(0, len(targets) - 1), min(len(targets), MOST_FITTED)).round().astype(np.intp)
        self._features, self._inputs, self._targets = features[fitted], (inputs * deviations)[fitted], targets[fitted]
        self._luck = np.ones(len(fitted)) if repeats is None else 1 / repeats[fitted]
        self._deviations = deviations
        self._fits = tuple(self._likely()) if len(targets) else ()

    def predict(self, features: Array, inputs: Array) -> tuple[Array, Array]:
        """Mean, shape (m,), and variance, shape (m,), noise included, of m targets.

        Args:
            features: shape (m, f).
            inputs: shape (m, k).
        """
        return self._predict(features, inputs, jointly=False)

    def predict_jointly(self, features: Array, inputs: Array) -> tuple[Array, Array]:
        """The same with the covariance, shape (m, m)."""
        return self._predict(features, inputs, jointly=True)

    def _predict(self, features: Array, inputs: Array, jointly: bool) -> tuple[Array, Array]:
        products = _all_products if jointly else _own_products
        scaled = inputs * self._deviations
        num_targets = len(features)
        luck = np.eye(num_targets) if jointly else np.ones(num_targets)
        linear = products(scaled.T)
        among = Likeness.between(features, features) if jointly else Likeness.with_itself(features)
        if not self._fits:
            prior = [kernel.explained(among) + kernel.noise * luck for kernel in KERNELS]
            return np.zeros(num_targets), np.mean(prior, axis=0) + linear
        mean, second = np.zeros(num_targets), np.zeros_like(luck)
        there = Likeness.between(features, self._features)
        for fit in self._fits:
            across = scaled @ self._inputs.T + fit.kernel.explained(there)
            solved = _solve(fit.root, across.T)
            own = linear + fit.kernel.explained(among) + fit.kernel.noise * luck
            found = solved.T @ fit.whitened
            mean += fit.weight * found
            second += fit.weight * ((own - products(solved)) * fit.variance + products(found[None]))
        return mean, second - products(mean[None])

    @property
    def noise(self) -> float:
        """Posterior mean of the variance of the noise."""
        if not self._fits:
            return float(np.mean([kernel.noise for kernel in KERNELS]))
        return sum(fit.weight * fit.kernel.noise * fit.variance for fit in self._fits)

    @property
    def coefficients(self) -> Array:
        """Posterior means of the coefficients, shape (k,)."""
        found = np.zeros(len(self._deviations))
        for fit in self._fits:
            found += fit.weight * (self._inputs.T @ _solve(fit.root, fit.whitened, transposed=True))
        return found * self._deviations

    def _likely(self) -> Iterator[Fit]:
        """The likely kernels, compared on some of the observations and fitted to all of them."""
        num_targets = len(self._targets)
        some = slice(None, None, -(-num_targets // MOST_COMPARED))
        likeness = Likeness.between(self._features[some], self._features[some])
        compared = [self._fit(kernel, likeness, some) for kernel in KERNELS]
        likelihoods = np.array([likelihood for _, likelihood in compared])
        likelihoods *= num_targets / len(self._targets[some])
        weights = np.exp(likelihoods - likelihoods.max())
        kept = np.flatnonzero(weights >= LEAST_WEIGHT)
        if some.step > 1:
            likeness = Likeness.between(self._features, self._features)
            compared = [self._fit(KERNELS[index], likeness, slice(None)) for index in kept]
        else:
            compared = [compared[index] for index in kept]
        for index, (fit, _) in zip(kept, compared, strict=True):
            yield Fit(KERNELS[index], float(weights[index] / weights[kept].sum()), *fit)

    def _fit(self, kernel: Kernel, likeness: Likeness, some: slice) -> tuple[tuple[Array, Array, float], float]:
        """Root, whitened residuals and variance with one kernel; and the log of the marginal likelihood."""
        inputs, targets = self._inputs[some], self._targets[some]
        covariance = inputs @ inputs.T + kernel.explained(likeness) + kernel.noise * np.diag(self._luck[some])
        root = _cholesky(covariance)
        whitened = _solve(root, targets)
        shape = SHAPE + len(targets) / 2
        rate = SHAPE - 1 + float(whitened @ whitened) / 2
        likelihood = -np.log(np.diag(root)).sum() - shape * np.log(rate)
        return (root, whitened, rate / (shape - 1)), float(likelihood)


def _cholesky(covariance: Array) -> Array:
    """The lower root of a covariance, shape (n, n).

    Calls LAPACK directly: with the few dozen observations of a study, SciPy's own functions spend most of their time on
    checks.
    """
    root: Array
    root, info = dpotrf(covariance, lower=True)
    if info:
        raise np.linalg.LinAlgError(f"a covariance of shape {covariance.shape} is not positive definite")
    return root


def _solve(root: Array, right: Array, *, transposed: bool = False) -> Array:
    """The solution x of root @ x = right, or with the root transposed; `right` has shape (n,) or (n, m)."""
    if not right.size:
        return np.empty_like(right)
    solved: Array
    solved, _ = dtrtrs(root, right, lower=True, trans=transposed)
    return solved


def _all_products(columns: Array) -> Array:
    """The products of every column with every column: (k, m) gives (m, m)."""
    products: Array = columns.T @ columns
    return products


def _own_products(columns: Array) -> Array:
    """The product of every column with itself: (k, m) gives (m,)."""
    products: Array = (columns**2).sum(axis=0)
    return products
