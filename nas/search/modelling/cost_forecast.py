"""A forecast of what patterns take on a device, from those that were measured there."""

import numpy as np
from numpy.typing import NDArray

from nas.search.modelling.regression import Regression

Array = NDArray[np.float64]


class CostForecast:
    """Forecasts one measured cost: its logarithm is linear in those of counted costs, plus a function of the pattern.

    Args:
        features: of n measured patterns, at least one, shape (n, f).
        counted: their counted costs, above 0, shape (n, k).
        measured: what was measured, above 0, shape (n,).
    """

    def __init__(self, features: Array, counted: Array, measured: Array) -> None:
        self._features, self._counted = _Standard(features), _Standard(np.log(counted))
        self._measured = _Standard(np.log(measured)[:, None])
        inputs = self._counted(np.log(counted))
        targets = self._measured(np.log(measured)[:, None])[:, 0]
        self._regression = Regression(self._features(features), inputs, targets, np.ones(inputs.shape[1]))

    def predict(self, features: Array, counted: Array) -> Array:
        """The measured cost of m patterns, shape (m,), in its unit.

        Args:
            features: shape (m, f).
            counted: shape (m, k).
        """
        mean, _ = self._regression.predict(self._features(features), self._counted(np.log(counted)))
        predicted: Array = np.exp(mean * self._measured.deviation[0] + self._measured.mean[0])
        return predicted


class _Standard:
    """Makes columns of mean 0 and deviation 1; those that are all alike are only moved.

    Args:
        columns: that say what the mean and the deviation are, shape (n, k).
    """

    def __init__(self, columns: Array) -> None:
        self.mean, deviation = columns.mean(axis=0), columns.std(axis=0)
        self.deviation = np.where(deviation > 1e-9, deviation, 1.0)

    def __call__(self, columns: Array) -> Array:
        standard: Array = (columns - self.mean) / self.deviation
        return standard
