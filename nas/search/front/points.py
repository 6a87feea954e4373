"""The points of a front: their numbers, their noise, and which of them cannot be told apart."""

from collections.abc import Mapping, Sequence
from math import inf
from statistics import stdev
from typing import Any

from nas.results.front import SAME_WITHIN, FrontPoint
from nas.results.objective import PROFILED, Score
from nas.results.trial import Trial, TrialState
from nas.search.problem.problem import Problem
from nas.search.scoring.scores import scores_by_seed
from nas.statistics.rank_agreement import pooled_deviation


def front_points(
    chosen: Sequence[Trial], problem: Problem, noise: Mapping[str, float | None], full_costs: Mapping[str, float]
) -> tuple[FrontPoint, ...]:
    """The points of a front, in the order of `chosen`.

    Args:
        chosen: the non-dominated trials.
        problem: what is searched.
        noise: standard deviation between seeds by score, in its unit; None where it is unknown.
        full_costs: what full attention costs, by name of the objective.
    """
    weighed = [score.name for goal in problem.objectives for score in goal.scores]
    known = {name: noise[name] for name in weighed}
    points = []
    for trial in chosen:
        entry = entry_fields(trial, problem, full_costs)
        alike = tuple(
            other.number for other in chosen if other is not trial and _alike(trial.scores, other.scores, known)
        )
        converged = _converged(entry["gain_of_last_rung"], noise)
        points.append(FrontPoint(**entry, indistinguishable_from=alike, converged=converged))
    return tuple(points)


def entry_fields(trial: Trial, problem: Problem, full_costs: Mapping[str, float]) -> dict[str, Any]:
    """The fields of a `FrontEntry`."""
    assert trial.pattern is not None and trial.cost is not None
    by_seed = scores_by_seed(trial.measurements, problem.scores, trial.step)
    return {
        "trial": trial.number,
        "baseline": trial.baseline,
        "values": trial.values,
        "scores": trial.scores,
        "seeds": tuple(by_seed),
        "spread": {score.name: _deviation(by_seed, score.name) for score in problem.scores},
        "gain_of_last_rung": _last_gain(trial, problem.scores),
        "cost": trial.cost,
        "ratio_to_full": trial.cost.ratio_to(problem.full_cost),
        "pattern_id": trial.pattern.id,
        "pattern": trial.pattern,
        "profile": trial.profile,
        "profile_ratio_to_full": {
            name: trial.costs[name] / full_costs[name] for name in PROFILED if trial.profile is not None
        },
    }


def score_noise(trials: Sequence[Trial], scores: Sequence[Score], name: str) -> float | None:
    """Standard deviation of a score between seeds, pooled over the patterns trained more than once.

    Returns:
        in the score's unit; None if no pattern was trained twice.
    """
    return pooled_deviation(repeated_scores(trials, scores, name))


def _alike(one: Mapping[str, float], other: Mapping[str, float], noise: Mapping[str, float | None]) -> bool:
    """Whether two points lie within the noise in every score that an objective uses.

    A score that neither has is no difference; one that only one of them has, or whose noise is unknown, is.
    """
    known = {name: deviation for name, deviation in noise.items() if name in one or name in other}
    return bool(known) and all(
        deviation is not None and abs(one.get(name, inf) - other.get(name, inf)) < SAME_WITHIN * deviation
        for name, deviation in known.items()
    )


def _converged(gains: Mapping[str, float], noise: Mapping[str, float | None]) -> bool | None:
    """Whether the last rung brought no more than noise; None if the noise is unknown."""
    known = [(gain, deviation) for name, gain in gains.items() if (deviation := noise[name]) is not None]
    return all(gain < SAME_WITHIN * deviation for gain, deviation in known) if known else None


def _last_gain(trial: Trial, scores: Sequence[Score]) -> dict[str, float]:
    """How much better each score was at the trial's last rung than at the one before, with the search's own seed.

    Empty if it has scores at only one rung.
    """
    own = [one for one in trial.measurements if one.seed == trial.measurements[0].seed and one.step <= trial.step]
    steps = sorted({one.step for one in own})[-2:]
    if len(steps) < 2:
        return {}
    (before,), (after,) = (list(scores_by_seed(own, scores, step).values()) or [{}] for step in steps)
    signs = {score.name: 1 if score.direction == "minimize" else -1 for score in scores}
    return {name: signs[name] * (before[name] - after[name]) for name in after if name in before}


def _deviation(by_seed: Mapping[int, Mapping[str, float]], name: str) -> float | None:
    values = _values(by_seed, name)
    return stdev(values) if len(values) > 1 else None


def _values(by_seed: Mapping[int, Mapping[str, float]], name: str) -> list[float]:
    return [own[name] for own in by_seed.values() if name in own]


def repeated_scores(trials: Sequence[Trial], scores: Sequence[Score], name: str) -> list[list[float]]:
    """A score of every pattern that has it from more than one seed."""
    finished = [trial for trial in trials if trial.state is TrialState.FINISHED]
    own = [_values(scores_by_seed(trial.measurements, scores, trial.step), name) for trial in finished]
    return [values for values in own if len(values) > 1]
