"""The entries of a front: the numbers of its points and of the baselines."""

from collections.abc import Mapping, Sequence
from statistics import stdev
from typing import Any

from nas.results.objective import PROFILED, Score
from nas.results.trial import Trial
from nas.search.estimates import Estimates
from nas.search.problem.problem import Problem
from nas.search.scoring.scores import as_measured, scores_by_seed


def entry_fields(
    trial: Trial,
    problem: Problem,
    full_costs: Mapping[str, float],
    known: Estimates,
    chances: Mapping[int, float],
) -> dict[str, Any]:
    """The fields of a `FrontEntry`.

    Args:
        trial: with a pattern.
        problem: what is searched.
        full_costs: what full attention costs, by name of the objective.
        known: estimates of all trials' qualities.
        chances: probabilities of being on the front, by trial.
    """
    assert trial.pattern is not None and trial.cost is not None
    by_seed = scores_by_seed(trial.measurements, problem.scores, trial.step)
    return {
        "trial": trial.number,
        "baseline": trial.baseline,
        "values": trial.values,
        "scores": trial.scores,
        "estimates": dict(known.get(trial.number, {})),
        "seeds": tuple(by_seed),
        "spread": {score.name: _deviation(by_seed, score.name) for score in problem.scores},
        "front_probability": chances.get(trial.number),
        "gain_of_last_rung": _last_gain(trial, problem.scores),
        "predicted": trial.predicted,
        "cost": trial.cost,
        "ratio_to_full": trial.cost.ratio_to(problem.full_cost),
        "pattern_id": trial.pattern.id,
        "pattern": trial.pattern,
        "proxy_pattern": trial.proxy_pattern,
        "profile": trial.profile,
        "profile_ratio_to_full": {
            name: trial.costs[name] / full_costs[name] for name in PROFILED if trial.profile is not None
        },
    }


def _last_gain(trial: Trial, scores: Sequence[Score]) -> dict[str, float]:
    """How much better each score was at the trial's last rung than at the one before, with the search's own seed.

    That of a projection is what was measured. Empty if it has scores at only one rung.
    """
    own = [one for one in trial.measurements if one.seed == trial.measurements[0].seed and one.step <= trial.step]
    steps = sorted({one.step for one in own})[-2:]
    if len(steps) < 2:
        return {}
    measured = [as_measured(score) for score in scores]
    (before,), (after,) = (list(scores_by_seed(own, measured, step).values()) or [{}] for step in steps)
    signs = {score.name: 1 if score.direction == "minimize" else -1 for score in scores}
    return {name: signs[name] * (before[name] - after[name]) for name in after if name in before}


def _deviation(by_seed: Mapping[int, Mapping[str, float]], name: str) -> float | None:
    values = _values(by_seed, name)
    return stdev(values) if len(values) > 1 else None


def _values(by_seed: Mapping[int, Mapping[str, float]], name: str) -> list[float]:
    return [own[name] for own in by_seed.values() if name in own]
