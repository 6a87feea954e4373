"""The probability of every trained trial of being on the front, given the noise of scores and forecasts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from nas.results.objective import Score
from nas.results.trial import Trial, TrialState
from nas.search.estimates import Estimates, estimates
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecaster
from nas.search.scoring.noise import repeated_scores, score_noise
from nas.search.scoring.objectives import Goal
from nas.search.trial_store import TrialStore
from nas.statistics.front_probability import front_probabilities

_Array = NDArray[np.float64]

NUM_DRAWS = 1000
"""Draws of all scores; they leave a probability uncertain by 0.016 at most."""


def front_chances(store: TrialStore, problem: Problem, forecaster: Forecaster) -> dict[int, float]:
    """The share of draws of all scores in which a trial is on the front, by number.

    A score at the last rung is drawn around its estimate; that of a trial that halving stopped around its forecast, in
    both cases with the deviation that these have. The noise between seeds, which deviations of estimates are in
    proportion to, is known from a few seeds only, so it is drawn too, as the posterior of a deviation. Costs are exact.

    Args:
        store: all trials.
        problem: what was searched.
        forecaster: forecasts trials to the last rung.

    Returns:
        0 to 1 for every trial that finished or was stopped within the budgets; empty where the noise of a score is
        unknown.
    """
    trials = [trial for trial in store.trials if trial.state in (TrialState.FINISHED, TrialState.STOPPED)]
    goals = [goal for goal in problem.objectives if goal.scores]
    scores = tuple(dict.fromkeys(score for goal in goals for score in goal.scores))
    if not trials or any(score_noise(store.trials, problem.scores, score.name) is None for score in scores):
        return {}
    draw, known = np.random.default_rng(0), estimates(store.trials, problem)
    drawn = {score: _draws(store, problem, forecaster, trials, score, known, draw) for score in scores}
    costs = [goal.name for goal in problem.objectives if not goal.scores]
    exact = np.array([[trial.costs[name] for name in costs] for trial in trials]).reshape(len(trials), len(costs))
    qualities = np.stack([_quality([drawn[score] for score in goal.scores], goal) for goal in goals], axis=2)
    chances = front_probabilities(exact, qualities)
    return {trial.number: float(chance) for trial, chance in zip(trials, chances, strict=True)}


def _draws(
    store: TrialStore,
    problem: Problem,
    forecaster: Forecaster,
    trials: Sequence[Trial],
    score: Score,
    known: Estimates,
    draw: np.random.Generator,
) -> _Array:
    """Draws of one score, shape (NUM_DRAWS, trials); without variance where a pattern cannot have it."""
    degrees = sum(len(group) - 1 for group in repeated_scores(store.trials, problem.scores, score.name))
    noises = np.sqrt(degrees / draw.chisquare(degrees, size=NUM_DRAWS))
    forecast = forecaster.now()
    means, deviations = np.full(len(trials), score.chance), np.zeros(len(trials))
    for place, trial in enumerate(trials):
        if trial.state is TrialState.STOPPED:
            own = forecast.scores[trial.number].get(score.name)
            deviation = forecast.deviations[trial.number].get(score.name)
        else:
            estimate = known[trial.number].get(score.name)
            own, deviation = (estimate.mean, estimate.standard_deviation) if estimate else (None, None)
        if own is not None:
            means[place], deviations[place] = own, deviation or 0.0
    is_estimate = np.array([trial.state is TrialState.FINISHED for trial in trials])
    spread = np.where(is_estimate, np.outer(noises, deviations), deviations)
    drawn: _Array = means + spread * draw.standard_normal((NUM_DRAWS, len(trials)))
    return drawn


def _quality(scores: Sequence[_Array], goal: Goal) -> _Array:
    """An objective to be minimised, of the shape of its scores; of several, the mean of their ranks."""
    signed = [
        own * (1 if score.direction == "minimize" else -1) for own, score in zip(scores, goal.scores, strict=True)
    ]
    found: _Array = signed[0] if len(signed) == 1 else np.mean([rankdata(own, axis=1) for own in signed], axis=0)
    return found
