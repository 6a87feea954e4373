"""The estimates of a study's qualities: what the measurements of all its patterns say of each, without their noise."""

from collections.abc import Mapping, Sequence

import numpy as np

from nas.results.front import Estimate
from nas.results.objective import Score
from nas.results.trial import Trial, TrialState
from nas.search.modelling.posterior import posterior
from nas.search.problem.problem import Problem
from nas.search.scoring.noise import score_noise
from nas.search.scoring.objectives import values_by_trial

_ENDED = (TrialState.FINISHED, TrialState.OVER_BUDGET)

Estimates = Mapping[int, Mapping[str, Estimate]]
"""By trial, and by name of the score or of the objective that is computed from scores."""


def estimates(trials: Sequence[Trial], problem: Problem) -> Estimates:
    """The estimates of all trials that reached the last rung, each pattern once.

    A score is taken as it is where nothing is trained, since it then has no noise, and while no pattern was trained
    with two seeds, since its noise is then unknown.

    Args:
        trials: of a study.
        problem: what was searched.
    """
    ended = [trial for trial in trials if trial.state in _ENDED and trial.scores]
    found: dict[int, dict[str, Estimate]] = {trial.number: {} for trial in ended}
    for score in problem.scores:
        known = [trial for trial in ended if score.name in trial.scores]
        for trial, estimate in zip(known, _of_score(known, score, problem), strict=True):
            found[trial.number][score.name] = estimate
    goals = [goal for goal in problem.objectives if goal.scores]
    for number, values in values_by_trial(goals, means(found), {}).items():
        for goal in goals:
            if goal.name not in found[number]:  # a mean of ranks, or chance
                found[number][goal.name] = Estimate(mean=values[goal.name], standard_deviation=None)
    return found


def means(known: Estimates) -> dict[int, dict[str, float]]:
    """The means alone, by trial and name."""
    return {number: {name: one.mean for name, one in own.items()} for number, own in known.items()}


def _of_score(trials: Sequence[Trial], score: Score, problem: Problem) -> list[Estimate]:
    """One score of the trials that have it."""
    values = np.array([trial.scores[score.name] for trial in trials])
    noise = score_noise(trials, problem.scores, score.name) if problem.backbone.trains else 0.0
    if not noise:
        return [Estimate(mean=value, standard_deviation=noise) for value in values.tolist()]
    patterns = [pattern for trial in trials if (pattern := trial.trained_pattern)]
    num_seeds = np.array([float(len(trial.seeds)) for trial in trials])
    found = posterior(problem.features(patterns), values, num_seeds, noise)
    return [
        Estimate(mean=mean, standard_deviation=deviation)
        for mean, deviation in zip(found.mean.tolist(), found.deviation.tolist(), strict=True)
    ]
