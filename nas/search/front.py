"""front.json (schema nas.front/1): the non-dominated trials, with the named baselines beside them."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import stdev
from typing import Any

from nas.search.domination import Point, hypervolume, nondominated
from nas.search.objectives import Objective
from nas.search.problem import Problem
from nas.search.record import Trial, TrialState
from nas.search.settings import StudySettings

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


def make_front(settings: StudySettings, problem: Problem, trials: Sequence[Trial]) -> dict[str, Any]:
    """The whole document: the same study gives the same bytes, so no time and no path is in it."""
    objectives = problem.objectives
    chosen = front_trials(trials, objectives)
    noise = quality_noise(trials)
    points = [_entry(trial, problem) for trial in chosen]
    for point in points:
        point["indistinguishable_from"] = _ties(point, points, noise)
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
        "points": points,
        "baselines": baselines,
        "noise": {"quality_standard_deviation": noise, "num_patterns": len(_repeated(trials))},
        "trials": {state.value: sum(trial.state is state for trial in trials) for state in TrialState},
        "hypervolume_by_trial": hypervolume_by_trial(problem, trials),
        "provenance": _provenance(settings, problem),
    }


def quality_noise(trials: Sequence[Trial]) -> float | None:
    """Standard deviation of quality between seeds, pooled over the patterns trained more than once.

    Returns:
        in the metric's unit; None if no pattern was trained twice.
    """
    repeated = _repeated(trials)
    degrees = sum(len(qualities) - 1 for qualities in repeated)
    squares = sum((len(qualities) - 1) * stdev(qualities) ** 2 for qualities in repeated)
    return float((squares / degrees) ** 0.5) if degrees else None


def hypervolume_by_trial(problem: Problem, trials: Sequence[Trial]) -> list[tuple[int, float]]:
    """The hypervolume after each trial.

    Costs are shares of full attention's, with REFERENCE_SHARE as reference; quality is in its unit,
    with the task's chance level as reference.

    Returns:
        (trial number, hypervolume) pairs.
    """
    full = problem.full_cost.to_dict()
    scales, reference = [], []
    for objective in problem.objectives:
        if objective.name == "quality":
            scales.append(1.0)
            reference.append(problem.task.chance * (1 if objective.direction == "minimize" else -1))
        else:
            scales.append(float(full["attention_flops" if objective.name == "flops" else objective.name]))
            reference.append(REFERENCE_SHARE)
    points: list[Point] = []
    volumes = []
    for trial in trials:
        if trial.state is TrialState.FINISHED:
            values = minimised(trial, problem.objectives)
            points.append(tuple(value / scale for value, scale in zip(values, scales, strict=True)))
            points = [points[index] for index in nondominated(points)]
        volumes.append((trial.number, hypervolume(points, tuple(reference))))
    return volumes


def _entry(trial: Trial, problem: Problem) -> dict[str, Any]:
    assert trial.pattern is not None and trial.cost is not None
    qualities = _qualities(trial)
    return {
        "trial": trial.number,
        "baseline": trial.baseline,
        "values": trial.values,
        "seeds": [measurement.seed for measurement in trial.measurements if measurement.quality is not None],
        "spread": {"quality": stdev(qualities) if len(qualities) > 1 else None},
        "cost": trial.cost.to_dict(),
        "ratio_to_full": trial.cost.ratio_to(problem.full_cost),
        "pattern_id": trial.pattern.id,
        "pattern": trial.pattern.to_dict(),
    }


def _ties(point: dict[str, Any], points: Sequence[dict[str, Any]], noise: float | None) -> list[int]:
    if noise is None or "quality" not in point["values"]:
        return []
    return [
        other["trial"]
        for other in points
        if other is not point and abs(other["values"]["quality"] - point["values"]["quality"]) < SAME_WITHIN * noise
    ]


def _qualities(trial: Trial) -> list[float]:
    return [measurement.quality for measurement in trial.measurements if measurement.quality is not None]


def _repeated(trials: Sequence[Trial]) -> list[list[float]]:
    own = [_qualities(trial) for trial in trials if trial.state is TrialState.FINISHED]
    return [qualities for qualities in own if len(qualities) > 1]


def _provenance(settings: StudySettings, problem: Problem) -> dict[str, Any]:
    return {
        "seed": settings.seed,
        "sampler": settings.sampler,
        "task": problem.task.name,
        "task_fingerprint": problem.task.fingerprint,
        "num_tokens": problem.task.num_tokens,
        "num_steps": settings.training.num_steps,
        "target": problem.target.name,
        "machine": platform.machine(),
    }


def _versions() -> dict[str, str]:
    packages = {"nas": "nas-attention", "torch": "torch", "optuna": "optuna", "lightning": "lightning"}
    return {"python": platform.python_version()} | {key: version(name) for key, name in packages.items()}
