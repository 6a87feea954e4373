"""The outlook of a study: models of its measured objectives, and the known patterns that matter for what comes next."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.patterns.model import ModelPattern
from nas.search.modelling.surrogate import JointPrediction, Prediction, Surrogate
from nas.search.samplers.evidence import Evidence
from nas.search.samplers.improvement import undominated
from nas.search.samplers.parameters import Params

Array = NDArray[np.float64]
FeaturesOf = Callable[[Sequence[ModelPattern]], Array]

LEAST_TRAINED = 4
"""With fewer trained patterns than this, baselines included, there are no models, and patterns are drawn at random."""
LEAST_PARENTS = 8
"""Known trials, from the front backwards, that candidates are made from by changing a few values."""


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """Models of the measured objectives, with what they say of the known patterns.

    Args:
        surrogates: one per measured objective.
        parents: the parameters of the best trials.
        features: of the n known patterns that may be on the front, shape (n, f).
        values: their measured objectives at every rung, shape (measured, n, rungs); NaN where they are unknown.
        costs: their cost objectives as shares of full attention, shape (n, costs).
        floor: the worst forecast of a baseline in every measured objective, to be minimised, shape (measured,);
            infinite without baselines.
    """

    surrogates: Sequence[Surrogate]
    parents: Sequence[Params]
    features: Array
    values: Array
    costs: Array
    floor: Array

    def together(self, features: Array) -> list[JointPrediction]:
        """Forecasts of every measured objective of the known patterns and, after them, of new ones, shape (m, f)."""
        rows = np.concatenate([self.features, features])
        fresh = np.full((len(features), self.values.shape[2]), np.nan)
        return [
            surrogate.predict_jointly(rows, np.concatenate([values, fresh]))
            for surrogate, values in zip(self.surrogates, self.values, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What our own sampler reads of a study.

    Args:
        ids: identities of all known patterns.
        patterns: those that models are made of.
        models: None while fewer than LEAST_TRAINED patterns are trained.
    """

    ids: Set[str]
    patterns: Sequence[ModelPattern]
    models: Models | None


def outlook_of(evidence: Evidence, features_of: FeaturesOf, rungs: Sequence[int]) -> Outlook:
    """The outlook that some evidence gives.

    Args:
        evidence: what is known.
        features_of: gives the features of at least one pattern, shape (patterns, f).
        rungs: where scores are taken, in optimiser steps, ascending.
    """
    ids = frozenset(evidence.ids)
    if evidence.num_trained < LEAST_TRAINED:
        return Outlook(ids, evidence.patterns, None)
    features = features_of(evidence.patterns)
    surrogates = [Surrogate(features, values, rungs) for values in evidence.values]
    forecasts = [
        surrogate.predict(features, values) for surrogate, values in zip(surrogates, evidence.values, strict=True)
    ]
    contenders = _contenders(evidence, forecasts)
    models = Models(
        surrogates,
        _parents(evidence, forecasts),
        features[contenders],
        evidence.values[:, contenders],
        evidence.costs[contenders],
        _floor(evidence, forecasts),
    )
    return Outlook(ids, evidence.patterns, models)


def _parents(evidence: Evidence, forecasts: Sequence[Prediction]) -> list[Params]:
    """The parameters of the trials on the forecast front, then of the next fronts, until there are enough."""
    points = np.column_stack([*(forecast.mean for forecast in forecasts), evidence.costs])
    left = np.flatnonzero(evidence.allowed)
    parents: list[Params] = []
    while len(left) and len(parents) < LEAST_PARENTS:
        first = undominated(points[left])
        parents += [evidence.params[index] for index in left[first] if evidence.params[index]]
        left = left[~first]
    return parents


def _floor(evidence: Evidence, forecasts: Sequence[Prediction]) -> Array:
    """The worst of the baselines within the budgets: what is worse than all of them is not worth finding."""
    baselines = evidence.published & evidence.allowed
    return np.array([each.mean[baselines].max() if baselines.any() else np.inf for each in forecasts])


def _contenders(evidence: Evidence, forecasts: Sequence[Prediction]) -> NDArray[np.intp]:
    """Known patterns that may be on the front: those that others almost surely dominate are left out."""
    low = np.column_stack([*(each.mean - 2 * each.deviation for each in forecasts), evidence.costs])
    high = np.column_stack([*(each.mean + 2 * each.deviation for each in forecasts), evidence.costs])
    allowed = np.flatnonzero(evidence.allowed)
    return allowed[undominated(low[allowed], high[allowed])]
