"""What the study's own model says of an ended study: which parameters matter, and how well it predicts.

The model is the one that forecasts rungs and that the default sampler asks (`modelling/surrogate.py`), fitted to what
the trials measured with the search's own seed. Nothing is trained, and neither torch nor Optuna is loaded.
"""

from collections.abc import Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from nas.results.front import Front, InCheckpoint
from nas.results.insight import Insight, Level, ParameterEffect, Prediction
from nas.results.objective import Score
from nas.results.trial import Param, Trial
from nas.search.fidelity.agreement import agreement
from nas.search.modelling.features import head_features, pattern_features
from nas.search.modelling.surrogate import Surrogate
from nas.search.scoring.scores import scores_by_seed

Array = NDArray[np.float64]

LEAST_TRIALS = 6
"""With fewer trials than this at the last rung, nothing is said of how well the model predicts."""
LEAST_VARIED = 8
"""With fewer sampled trials than this, nothing is said of parameters."""
FOLDS = 10
"""Parts in which trials are hidden in turn; each trial alone while there are no more than so many."""
MOST_LEVELS = 4
"""A number with more different values than this is split into three ranges of about equally many trials."""


def study_insight(front: Front, trials: Sequence[Trial]) -> Insight:
    """What the model makes of a study's first score.

    Args:
        front: the study's front.
        trials: all trials of the study.
    """
    if not front.scores:
        return Insight(score="", unit="", effects=(), predictions=(), accuracy=None)
    score, rungs = front.scores[0], front.provenance.rungs
    measured = [trial for trial in trials if trial.duplicate_of is None and trial.trained_pattern is not None]
    values = np.array([_by_rung(trial, score, rungs) for trial in measured]).reshape(len(measured), len(rungs))
    known = [index for index in range(len(measured)) if not np.isnan(values[index, 0])]
    measured, values = [measured[index] for index in known], values[known]
    if not measured:
        return Insight(score=score.name, unit=score.unit, effects=(), predictions=(), accuracy=None)
    features, sign = _features(measured, front), 1 if score.direction == "minimize" else -1
    model = Surrogate(features, values, rungs)
    expected = sign * model.predict(features, np.full_like(values, nan)).mean
    predictions = _predictions(measured, features, values, rungs, sign)
    forecast = sign * model.predict(features, values).mean
    return Insight(
        score=score.name,
        unit=score.unit,
        effects=_effects(measured, expected, sign),
        predictions=predictions,
        accuracy=agreement(
            {one.trial: sign * one.predicted for one in predictions},
            {one.trial: sign * one.measured for one in predictions},
            [one.trial for one in predictions],
        ),
        forecasts={
            trial.number: float(value)
            for trial, own, value in zip(measured, values, forecast, strict=True)
            if np.isnan(own[-1])
        },
    )


def _by_rung(trial: Trial, score: Score, rungs: Sequence[int]) -> list[float]:
    """The score at every rung with the search's own seed, to be minimised; NaN from the first rung that it lacks."""
    own = trial.measurements[0].seed if trial.measurements else None
    found: list[float] = []
    for rung in rungs:
        value = (
            scores_by_seed(trial.measurements, [score], rung).get(own, {}).get(score.name) if own is not None else None
        )
        found.append(nan if value is None or (found and np.isnan(found[-1])) else value)
    return [value if score.direction == "minimize" else -value for value in found]


def _features(trials: Sequence[Trial], front: Front) -> Array:
    """The features that the study's model reads, shape (trials, f)."""
    patterns = [pattern for trial in trials if (pattern := trial.trained_pattern)]
    of_layers = pattern_features(patterns, front.provenance.num_tokens)
    if not isinstance(front.provenance.evaluation, InCheckpoint):
        return of_layers
    return np.concatenate([of_layers, head_features(patterns, front.provenance.num_tokens)], axis=1)


def _predictions(
    trials: Sequence[Trial], features: Array, values: Array, rungs: Sequence[int], sign: int
) -> tuple[Prediction, ...]:
    """Every trial at the last rung as the model expects it from the others, as if it had not been trained at all."""
    whole = np.flatnonzero(~np.isnan(values[:, -1]))
    if len(whole) < LEAST_TRIALS:
        return ()
    found = []
    for first in range(min(FOLDS, len(whole))):
        part = whole[first :: min(FOLDS, len(whole))]
        kept = np.setdiff1d(np.arange(len(values)), part)
        model = Surrogate(features[kept], values[kept], rungs)
        expected = model.predict(features[part], np.full((len(part), values.shape[1]), nan)).mean
        found += [
            Prediction(
                trial=trials[index].number, predicted=sign * float(mean), measured=sign * float(values[index, -1])
            )
            for index, mean in zip(part, expected, strict=True)
        ]
    return tuple(sorted(found, key=lambda one: one.trial))


def _effects(trials: Sequence[Trial], expected: Array, sign: int) -> tuple[ParameterEffect, ...]:
    """How far every parameter goes with what the model expects of the sampled trials."""
    sampled = [index for index, trial in enumerate(trials) if trial.params]
    if len(sampled) < LEAST_VARIED:
        return ()
    names = dict.fromkeys(name for index in sampled for name in trials[index].params)
    found = []
    for name in names:
        having = [index for index in sampled if name in trials[index].params]
        groups = _groups([trials[index].params[name] for index in having])
        if len(groups) > 1 and len(having) > len(groups):
            found.append(_effect(name, groups, expected[having], sign))
    return tuple(sorted(found, key=lambda one: (-one.share, one.name)))


def _effect(name: str, groups: Sequence[tuple[str, list[int]]], expected: Array, sign: int) -> ParameterEffect:
    """One parameter's effect: epsilon squared of a one-way analysis of variance (Kelley 1935)."""
    total = float(((expected - expected.mean()) ** 2).sum())
    within = sum(float(((expected[own] - expected[own].mean()) ** 2).sum()) for _, own in groups)
    num_free = len(expected) - len(groups)
    share = 1 - within / num_free / (total / (len(expected) - 1)) if total > 0 else 0.0
    levels = [Level(name=label, mean=float(expected[own].mean()), num_trials=len(own)) for label, own in groups]
    return ParameterEffect(
        name=name, share=min(1.0, max(0.0, share)), levels=tuple(sorted(levels, key=lambda one: sign * one.mean))
    )


def _groups(values: Sequence[Param]) -> list[tuple[str, list[int]]]:
    """Trials by value, and by range where there are many numbers: what it is called, and their indices."""
    distinct = list(dict.fromkeys(values))
    if len(distinct) <= MOST_LEVELS or any(isinstance(value, str | bool) for value in distinct):
        ordered = sorted(distinct, key=lambda value: (isinstance(value, str), value))
        return [(str(one), [index for index, value in enumerate(values) if value == one]) for one in ordered]
    numbers = np.array([float(value) for value in values])
    edges = np.unique(np.quantile(numbers, [1 / 3, 2 / 3], method="lower"))
    places = np.searchsorted(edges, numbers)
    parts = [np.flatnonzero(places == place) for place in range(len(edges) + 1)]
    return [(_range(numbers[part]), part.tolist()) for part in parts if len(part)]


def _range(numbers: Array) -> str:
    low, high = float(numbers.min()), float(numbers.max())
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
