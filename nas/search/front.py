"""front.json (schema nas.front/1): the non-dominated trials, with the named baselines beside them."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from math import inf
from pathlib import Path
from statistics import stdev
from typing import Any

from nas.evaluation.settings import study_rungs
from nas.results.trial import Trial, TrialState
from nas.search.problem import Problem
from nas.search.scoring.objectives import COSTS, Objective
from nas.search.scoring.scores import Score, scores_by_seed
from nas.search.settings import StudySettings
from nas.statistics.pareto import Point, hypervolume, nondominated
from nas.statistics.rank_agreement import pooled_deviation

SCHEMA = "nas.front/1"
REFERENCE_SHARE = 1.1
"""The hypervolume's reference for costs, as a share of full attention's: so full attention itself counts."""
SAME_WITHIN = 2.0
"""Points closer in quality than this many standard deviations of the noise cannot be told apart."""


def minimised(trial: Trial, objectives: Sequence[Objective]) -> Point:
    """The trial's values with every sign turned so that less is better."""
    return tuple(
        trial.values[objective.name] * (1 if objective.direction == "minimize" else -1) for objective in objectives
    )


def front_trials(trials: Sequence[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    """The non-dominated trials, each pattern once, best quality first.

    Only trials that ended well and keep the budgets take part; baselines do like any other.
    """
    candidates = [trial for trial in trials if trial.state is TrialState.FINISHED]
    kept = nondominated([minimised(trial, objectives) for trial in candidates])
    return sorted((candidates[index] for index in kept), key=lambda trial: (minimised(trial, objectives), trial.number))


def make_front(
    settings: StudySettings, problem: Problem, trials: Sequence[Trial], fidelity: dict[str, Any] | None
) -> dict[str, Any]:
    """The whole document: the same study gives the same bytes, so no time and no path is in it.

    Args:
        settings: of the study.
        problem: what they stand for.
        trials: all of them.
        fidelity: what `fidelity_report` says; None if it was switched off.
    """
    objectives = problem.objectives
    chosen = front_trials(trials, objectives)
    noise = {score.name: score_noise(trials, problem.scores, score.name) for score in problem.scores}
    weighed = [score.name for objective in objectives for score in objective.scores]
    points = [_entry(trial, problem) for trial in chosen]
    for point in points:
        point["indistinguishable_from"] = _ties(point, points, {name: noise[name] for name in weighed})
        point["converged"] = _converged(point["gain_of_last_rung"], noise)
    on_front = {trial.number for trial in chosen}
    baselines = [
        _entry(trial, problem) | {"on_front": trial.number in on_front, "state": trial.state.value}
        for trial in trials
        if trial.baseline is not None
    ]
    return {
        "schema": SCHEMA,
        "study": Path(settings.study).name,
        "versions": _versions(),
        "corpus_hash": problem.task.corpus_fingerprint,
        "objectives": [objective.to_dict() for objective in objectives],
        "scores": [score.to_dict() for score in problem.scores],
        "points": points,
        "baselines": baselines,
        "noise": {f"{name}_standard_deviation": deviation for name, deviation in noise.items()}
        | {"num_patterns": len(_repeated(trials, problem.scores, problem.scores[0].name))},
        "fidelity": fidelity,
        "trials": {state.value: sum(trial.state is state for trial in trials) for state in TrialState},
        "hypervolume_by_trial": hypervolume_by_trial(problem, trials),
        "provenance": _provenance(settings, problem),
    }


def score_noise(trials: Sequence[Trial], scores: Sequence[Score], name: str) -> float | None:
    """Standard deviation of a score between seeds, pooled over the patterns trained more than once.

    Returns:
        in the score's unit; None if no pattern was trained twice.
    """
    return pooled_deviation(_repeated(trials, scores, name))


def hypervolume_by_trial(problem: Problem, trials: Sequence[Trial]) -> list[tuple[int, float]]:
    """The hypervolume after each trial.

    Costs are shares of full attention's, with REFERENCE_SHARE as reference, and so are mean ranks, which are
    shares already; quality is in its unit, with the task's chance level as reference.

    Returns:
        (trial number, hypervolume) pairs.
    """
    full = problem.full_cost.to_dict()
    scales = [1.0 if goal.scores else float(full[COSTS[goal.name][0]]) for goal in problem.objectives]
    reference = [_reference(objective) for objective in problem.objectives]
    points: list[Point] = []
    volumes = []
    for trial in trials:
        if trial.state is TrialState.FINISHED:
            values = minimised(trial, problem.objectives)
            points.append(tuple(value / scale for value, scale in zip(values, scales, strict=True)))
            points = [points[index] for index in nondominated(points)]
        volumes.append((trial.number, hypervolume(points, tuple(reference))))
    return volumes


def further_scores(front: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What was measured and is no objective, as front.json describes it."""
    weighed = {objective["name"] for objective in front["objectives"]}
    return [score for score in front["scores"] if score["name"] not in weighed]


def _reference(objective: Objective) -> float:
    if len(objective.scores) != 1:
        return REFERENCE_SHARE
    return objective.scores[0].chance * (1 if objective.direction == "minimize" else -1)


def _entry(trial: Trial, problem: Problem) -> dict[str, Any]:
    assert trial.pattern is not None and trial.cost is not None
    by_seed = scores_by_seed(trial.measurements, problem.scores, trial.step)
    return {
        "trial": trial.number,
        "baseline": trial.baseline,
        "values": trial.values,
        "scores": trial.scores,
        "seeds": list(by_seed),
        "spread": {score.name: _deviation(by_seed, score.name) for score in problem.scores},
        "gain_of_last_rung": _last_gain(trial, problem.scores),
        "cost": trial.cost.to_dict(),
        "ratio_to_full": trial.cost.ratio_to(problem.full_cost),
        "pattern_id": trial.pattern.id,
        "pattern": trial.pattern.to_dict(),
    }


def _ties(point: dict[str, Any], points: Sequence[dict[str, Any]], noise: Mapping[str, float | None]) -> list[int]:
    """Points that lie within the noise in every score that is weighed."""
    return [
        other["trial"] for other in points if other is not point and _alike(point["scores"], other["scores"], noise)
    ]


def _alike(one: Mapping[str, float], other: Mapping[str, float], noise: Mapping[str, float | None]) -> bool:
    """A score that neither has is no difference; one that a single one has, or whose noise is unknown, is."""
    known = {name: deviation for name, deviation in noise.items() if name in one or name in other}
    return bool(known) and all(
        deviation is not None and abs(one.get(name, inf) - other.get(name, inf)) < SAME_WITHIN * deviation
        for name, deviation in known.items()
    )


def _last_gain(trial: Trial, scores: Sequence[Score]) -> dict[str, float]:
    """How much better each score was at the trial's last rung than at the one before, by the search's own seed.

    Empty if it has scores at one rung alone.
    """
    own = [one for one in trial.measurements if one.seed == trial.measurements[0].seed and one.step <= trial.step]
    steps = sorted({one.step for one in own})[-2:]
    if len(steps) < 2:
        return {}
    (before,), (after,) = (list(scores_by_seed(own, scores, step).values()) or [{}] for step in steps)
    signs = {score.name: 1 if score.direction == "minimize" else -1 for score in scores}
    return {name: signs[name] * (before[name] - after[name]) for name in after if name in before}


def _converged(gains: Mapping[str, float], noise: Mapping[str, float | None]) -> bool | None:
    """Whether the last rung brought no more than noise; None if that is not known."""
    known = [(gain, deviation) for name, gain in gains.items() if (deviation := noise[name]) is not None]
    return all(gain < SAME_WITHIN * deviation for gain, deviation in known) if known else None


def _deviation(by_seed: Mapping[int, Mapping[str, float]], name: str) -> float | None:
    values = _values(by_seed, name)
    return stdev(values) if len(values) > 1 else None


def _values(by_seed: Mapping[int, Mapping[str, float]], name: str) -> list[float]:
    return [own[name] for own in by_seed.values() if name in own]


def _repeated(trials: Sequence[Trial], scores: Sequence[Score], name: str) -> list[list[float]]:
    """A score of every pattern that has it from more than one seed."""
    finished = [trial for trial in trials if trial.state is TrialState.FINISHED]
    own = [_values(scores_by_seed(trial.measurements, scores, trial.step), name) for trial in finished]
    return [values for values in own if len(values) > 1]


def _provenance(settings: StudySettings, problem: Problem) -> dict[str, Any]:
    return {
        "seed": settings.seed,
        "sampler": settings.sampler,
        "task": problem.task.name,
        "task_fingerprint": problem.task.fingerprint,
        "num_tokens": problem.task.num_tokens,
        "rungs": list(study_rungs(settings.evaluation, settings.training)),
        "target": problem.target.name,
        "evaluation": asdict(settings.evaluation),
        "checkpoint_fingerprint": problem.backbone.fingerprint,
        "task_quality": settings.task_quality,
        "extra_tasks": {
            label: {
                "task_fingerprint": task.fingerprint,
                "corpus_hash": task.corpus_fingerprint,
                "num_tokens": task.num_tokens,
            }
            for label, task in list(problem.tasks.items())[1:]
        },
        "machine": platform.machine(),
    }


def _versions() -> dict[str, str]:
    packages = {"nas": "nas-attention", "torch": "torch", "optuna": "optuna", "lightning": "lightning"}
    return {"python": platform.python_version()} | {key: version(name) for key, name in packages.items()}
