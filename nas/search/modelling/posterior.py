"""The posterior of noisy values: what they would be without noise, given that like patterns have like values.

A single training run is as much luck as merit among good patterns. The values of similar patterns tell the two apart:
on a table of 147 patterns, ranked by one seed and judged by another, this is worth a second seed (docs/fidelity.md).
"""

import numpy as np
from numpy.typing import NDArray

from nas.search.modelling.regression import Regression
from nas.search.modelling.surrogate import Prediction

Array = NDArray[np.float64]

LEVEL = 5.0
"""Prior standard deviation of the level that all values share, in standard deviations of the values."""
LEAST_KNOWN = 4
"""With fewer values than this, nothing can be said of their noise, and they are taken as they are."""


def posterior(features: Array, values: Array, num_seeds: Array, noise: float) -> Prediction:
    """Mean and standard deviation of every value without its noise; as measured if they are too few, or all the same.

    What features do not explain is noise and what is peculiar to a pattern. As the noise is known, the rest is the
    latter, and a value is moved to what the features say of it only as far as noise can have moved it away.

    Args:
        features: of the n patterns, shape (n, f).
        values: means over seeds, shape (n,).
        num_seeds: how many seeds are behind each, shape (n,).
        noise: standard deviation between seeds, in the unit of the values.
    """
    own_noise = noise**2 / num_seeds
    spread = float(values.std()) if len(values) >= LEAST_KNOWN else 0.0
    if spread == 0:
        return Prediction(values, np.sqrt(own_noise))
    level, constant = float(values.mean()), np.ones((len(values), 1))
    standard = _standardised(features)
    regression = Regression(standard, constant, (values - level) / spread, np.array([LEVEL]), num_seeds)
    mean, variance = regression.predict(standard, constant)
    explained = mean * spread + level
    unsure = np.maximum(variance - regression.noise, 0) * spread**2
    peculiar = max(0.0, regression.noise * spread**2 - noise**2)
    kept = peculiar / (peculiar + own_noise) if peculiar else np.zeros_like(own_noise)
    deviation = np.sqrt((1 - kept) ** 2 * unsure + kept * own_noise)
    return Prediction(explained + kept * (values - explained), deviation)


def _standardised(features: Array) -> Array:
    """The columns that vary, with mean 0 and deviation 1."""
    deviation = features.std(axis=0)
    varies = deviation > 1e-9
    standard: Array = (features[:, varies] - features[:, varies].mean(axis=0)) / deviation[varies]
    return standard
