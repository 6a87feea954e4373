"""Small records of ended studies for the report tests: every field has a sensible default and can be replaced."""

from collections.abc import Sequence
from typing import Any

from nas.report.study.health import health_checks
from nas.report.study.health_check import HealthCheck
from nas.report.study.record import StudyRecord
from nas.results.front import Front
from nas.results.insight import Insight
from nas.results.measurement import Measurement, Outcome
from nas.results.trial import Trial, TrialState
from tests.fronts import make_cost, make_front, make_pattern, make_values


def make_measurement(step: int, quality: float | None = 2.3, **changes: Any) -> Measurement:
    """A run that took a second for every hundred steps."""
    fields: dict[str, Any] = {
        "seed": 0,
        "learning_rate": 0.004,
        "step": step,
        "outcome": Outcome.DIVERGED if quality is None else Outcome.FINISHED,
        "quality": quality,
        "train_loss": quality,
        "wall_seconds": step / 100,
        "task": "text",
        "longer": (),
    }
    return Measurement(**(fields | changes))


def trained_trial(number: int, *qualities: float, flops: float = 0.5, cache: float = 0.5, **changes: Any) -> Trial:
    """A trial with these qualities at the rungs 100, 200 and 400; stopped if it lacks the last one."""
    rungs = (100, 200, 400)[: len(qualities)]
    fields: dict[str, Any] = {
        "number": number,
        "state": TrialState.FINISHED if len(rungs) == 3 else TrialState.STOPPED,
        "pattern": make_pattern(),
        "cost": make_cost(flops, cache),
        "step": rungs[-1],
        "measurements": tuple(make_measurement(rung, value) for rung, value in zip(rungs, qualities, strict=True)),
        "scores": {"quality": qualities[-1]},
        "values": make_values(qualities[-1], flops, cache),
    }
    return Trial(**(fields | changes))


def make_insight(**changes: Any) -> Insight:
    """A model that says nothing."""
    return Insight(
        **({"score": "quality", "unit": "bits per byte", "effects": (), "predictions": (), "accuracy": None} | changes)
    )


def make_record(front: Front | None = None, trials: Sequence[Trial] | None = None, **changes: Any) -> StudyRecord:
    """A study whose baselines and points are finished trials."""
    front = front or make_front()
    if trials is None:
        entries = {entry.trial: entry for entry in (*front.baselines, *front.points)}
        trials = [
            trained_trial(number, 2.6, 2.5, entry.values["quality"], baseline=entry.baseline, cost=entry.cost)
            for number, entry in sorted(entries.items())
            if entry.values
        ]
    fields: dict[str, Any] = {
        "argument": "demo",
        "settings": {"space": {"attribute": "search_spaces.hybrid:Hybrid"}},
        "suggestions": {},
        "insight": make_insight(),
        "target": None,
    }
    return StudyRecord(front=front, trials=tuple(trials), **(fields | changes))


def check_about(word: str, record: StudyRecord) -> HealthCheck:
    """The health check whose question has the word."""
    [found] = [one for one in health_checks(record) if word in one.question]
    return found
