"""Learning curves of many patterns at once, extrapolated to longer trainings.

Every curve is a power law, value = c + b * steps**-a. The exponent a is shared by all patterns; c and b differ, but
are drawn from one distribution that is learnt from all curves (a mixed model, Laird and Ware 1982), so a curve of two
points is held near the others. Curves know nothing of the patterns; what studies use, `nas.search.modelling.surrogate`,
does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

Array = NDArray[np.float64]

EXPONENTS = tuple(np.geomspace(0.05, 1.6, 16))
"""Exponents that are averaged over, by marginal likelihood."""
NUM_ROUNDS = 60
"""Rounds of expectation and maximisation."""
PRIOR_CURVES = 2.0
"""Curves (or values) that the priors of the spread between curves and of the noise are worth."""
PRIOR_SPREAD = 0.1
"""Prior of the variances between curves, where that of all values is 1."""
PRIOR_NOISE = 0.02
"""Prior of the noise's deviation, in the same unit."""

MISFIT = 0.2
"""How far off what is gained beyond the last step is taken to be, as a share of it."""


def extrapolate(steps: Sequence[int], values: Array, target_step: int) -> tuple[Array, Array]:
    """What curves will be worth at a step.

    Args:
        steps: where they were measured, in optimiser steps, ascending.
        values: shape (curves, steps); NaN where a curve was not measured. At least one value.
        target_step: in optimiser steps.

    Returns:
        means and standard deviations of what a training would measure, shape (curves,) each. Beyond the last step that
        was measured they also count that no curve is quite a power law; that part is much the same for all curves.
    """
    measured = np.flatnonzero((~np.isnan(values)).any(axis=0))
    values, steps = values[:, measured], [steps[int(index)] for index in measured]
    center, scale = float(np.nanmean(values)), float(np.nanstd(values)) or 1.0
    scaled: Array = (values - center) / scale
    fits = [_fit(basis, scaled) for basis in _bases(steps, steps)]
    likelihoods = np.array([fit.likelihood for fit in fits])
    weights = np.exp(likelihoods - likelihoods.max())
    weights /= weights.sum()
    targets, lasts = _bases([target_step], steps), _bases(steps[-1:], steps)
    means = np.array([fit.means @ basis[0] for fit, basis in zip(fits, targets, strict=True)])
    before = np.array([fit.means @ basis[0] for fit, basis in zip(fits, lasts, strict=True)])
    variances = np.array([fit.variances(basis[0]) for fit, basis in zip(fits, targets, strict=True)])
    mean: Array = weights @ means
    variance = weights @ (variances + (means - mean) ** 2)
    if target_step > steps[-1]:
        variance += (MISFIT * (mean - weights @ before)) ** 2
    return center + scale * mean, scale * np.sqrt(variance)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """All curves with one exponent.

    Args:
        means: of both coefficients of each curve, shape (curves, 2).
        covariances: of these, shape (curves, 2, 2).
        noise: variance of a measurement.
        likelihood: log of the marginal likelihood of all values.
    """

    means: Array
    covariances: Array
    noise: float
    likelihood: float

    def variances(self, basis: Array) -> Array:
        """Of measurements where the basis functions have these values, shape (2,)."""
        found: Array = self.covariances @ basis @ basis + self.noise
        return found


def _bases(at: Sequence[int], steps: Sequence[int]) -> list[Array]:
    """For every exponent two functions, shape (at, 2).

    Their coefficients are a curve's value at the last of `steps`, and its fall from the first of them to there.
    """
    ratios, widest = np.asarray(at, dtype=np.float64) / steps[-1], steps[0] / steps[-1]
    shapes = [
        (ratios**-exponent - 1) / (widest**-exponent - 1) if widest < 1 else np.zeros(len(at)) for exponent in EXPONENTS
    ]
    return [np.stack([np.ones(len(at)), shape], axis=1) for shape in shapes]


def _fit(basis: Array, values: Array) -> _Fit:
    """Expectation and maximisation: the coefficients of every curve, then what they have in common."""
    known = ~np.isnan(values)
    squares = np.einsum("nt,ti,tj->nij", known, basis, basis)
    products = np.where(known, values, 0.0) @ basis
    rows, columns = np.nonzero(known)
    center: Array = lstsq(basis[columns], values[known])[0]
    spread: Array = np.eye(2)
    noise = PRIOR_NOISE**2
    for _ in range(NUM_ROUNDS):
        covariances, means = _posterior(center, spread, noise, squares, products)
        center = means.sum(axis=0) / len(means)
        apart = means - center
        total = covariances.sum(axis=0) + apart.T @ apart
        spread = (total + PRIOR_CURVES * PRIOR_SPREAD * np.eye(2)) / (len(values) + PRIOR_CURVES)
        errors = values[known] - (means[rows] * basis[columns]).sum(axis=1)
        squared = float(errors @ errors + np.einsum("nij,nij->", squares, covariances))
        noise = (squared + PRIOR_CURVES * PRIOR_NOISE**2) / (len(errors) + PRIOR_CURVES)
    covariances, means = _posterior(center, spread, noise, squares, products)
    return _Fit(means, covariances, noise, _likelihood(basis, values, center, spread, noise))


def _posterior(center: Array, spread: Array, noise: float, squares: Array, products: Array) -> tuple[Array, Array]:
    """Covariances, shape (curves, 2, 2), and means, shape (curves, 2), of the coefficients of every curve."""
    precision = np.linalg.inv(spread)
    covariances = np.linalg.inv(precision + squares / noise).astype(np.float64)
    means: Array = np.einsum("nij,nj->ni", covariances, precision @ center + products / noise)
    return covariances, means


def _likelihood(basis: Array, values: Array, center: Array, spread: Array, noise: float) -> float:
    """Log of the marginal likelihood: coefficients integrated out, curves of equal steps taken together."""
    total = 0.0
    known = ~np.isnan(values)
    for there in np.unique(known[known.any(axis=1)], axis=0):
        covariance = basis[there] @ spread @ basis[there].T + noise * np.eye(int(there.sum()))
        errors = values[(known == there).all(axis=1)][:, there] - basis[there] @ center
        _, log_determinant = np.linalg.slogdet(covariance)
        total -= 0.5 * float((errors * np.linalg.solve(covariance, errors.T).T).sum())
        total -= 0.5 * len(errors) * float(log_determinant)
    return total
