"""A new budget answered from what a study knows: no pattern is scored, and the checkpoint is not loaded.

Measured are the trials that keep the budget. Predicted are patterns of the space by the study's own model, the one that
its sampler asks, fitted to the trials and to what the survey says of their layers and heads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from msgspec.structs import replace

from nas.errors import StudyError
from nas.results.front import Estimate, Front
from nas.results.objective import Objective
from nas.results.survey import Survey
from nas.results.trial import Trial, TrialState
from nas.results.within import MeasuredWithin, PredictedWithin, Within
from nas.search.modelling.surrogate import Surrogate
from nas.search.problem.recorded_checkpoint import COUNTED, RecordedCheckpoint
from nas.search.settings import ConstraintSettings, StudySettings
from nas.space.load import is_shipped
from nas.statistics.pareto import Point, nondominated

LEAST_TRIALS = 8
"""With fewer trials than this nothing is predicted."""
NUM_DRAWS = 1024
"""Draws of the space; those that repeat a pattern, or break a budget, are left out."""
MOST_PREDICTED = 5
"""Predicted patterns that are shown, from the best quality to the smallest cost."""


def within(
    front: Front, trials: Sequence[Trial], settings: StudySettings, survey: Survey | None, asked: ConstraintSettings
) -> Within:
    """What a study knows within other budgets than its own.

    Args:
        front: of the study.
        trials: all of the study.
        settings: that it was started with.
        survey: of its checkpoint; None without one.
        asked: the budgets.

    Raises:
        StudyError: no trial keeps the budgets, and nothing can be predicted; or full attention did not finish.
    """
    finished = [one for one in trials if one.state is TrialState.FINISHED and one.duplicate_of is None]
    full = next((one.costs for one in trials if one.baseline == "full" and one.costs), None)
    if full is None:
        raise StudyError(f"constraints: full attention, of which budgets are shares, did not finish in {front.study}.")
    shares = {
        one.number: {name: value / full[name] for name, value in one.costs.items() if full[name]} for one in finished
    }
    kept = [one for one in finished if _keeps(asked, shares[one.number])]
    points = [_point(one.values, shares[one.number], front.objectives) for one in kept]
    best = [kept[index] for index in nondominated(points)]
    predicted, why = _predicted(front, finished, settings, survey, asked, points)
    if not best and not predicted:
        raise StudyError(f"constraints: no trial of {front.study} keeps {_said(asked)}. {why}")
    leading = front.leading
    return Within(
        study=front.study,
        constraints=_set(asked),
        objectives=front.objectives,
        measured=tuple(
            MeasuredWithin(
                trial=one.number,
                baseline=one.baseline,
                values=one.values,
                shares=shares[one.number],
                pattern_id=one.pattern.id,
                pattern=one.pattern,
            )
            for one in sorted(best, key=lambda one: leading.sign * one.values[leading.name])
            if one.pattern is not None
        ),
        predicted=predicted,
        why_none_predicted=why,
        num_trials=len(finished),
    )


def _predicted(
    front: Front,
    finished: Sequence[Trial],
    settings: StudySettings,
    survey: Survey | None,
    asked: ConstraintSettings,
    points: Sequence[Point],
) -> tuple[tuple[PredictedWithin, ...], str]:
    """Patterns that the model expects on the front within the budgets, or why it expects none."""
    if why := _why_not(front, finished, settings, survey, asked):
        return (), why
    assert survey is not None, "_why_not sees to it"
    known = [one.pattern for one in finished if one.pattern is not None]
    checkpoint = RecordedCheckpoint.of(survey, settings, known[0].num_heads)
    ids = {checkpoint.shape.identity(pattern) for pattern in known}
    fresh: list[PredictedWithin] = []
    for params, pattern in checkpoint.draws(settings, NUM_DRAWS):
        if (name := checkpoint.shape.identity(pattern)) in ids:
            continue
        ids.add(name)
        shares = checkpoint.shares(pattern, settings.evaluation.phase)
        if _keeps(asked, shares):
            fresh.append(
                PredictedWithin(params=params, expected={}, shares=shares, pattern_id=pattern.id, pattern=pattern)
            )
    if not fresh:
        return (), f"None of {NUM_DRAWS:,} draws of the space keeps the budgets."
    features, rows = checkpoint.features(known), checkpoint.features([one.pattern for one in fresh])
    nothing = np.full((len(fresh), 1), np.nan)
    expected: list[dict[str, Estimate]] = [{} for _ in fresh]
    for goal in front.objectives:
        if goal.is_cost:
            continue
        values = np.array([[goal.sign * one.values[goal.name]] for one in finished])
        found = Surrogate(features, values, (1,)).predict(rows, nothing)
        for each, mean, deviation in zip(expected, found.mean, found.deviation, strict=True):
            each[goal.name] = Estimate(mean=goal.sign * float(mean), standard_deviation=float(deviation))
    fresh = [replace(one, expected=own) for one, own in zip(fresh, expected, strict=True)]
    best = _best(fresh, front, points)
    return best, "" if best else "The study's model expects no further pattern on the front within the budgets."


def _best(fresh: Sequence[PredictedWithin], front: Front, points: Sequence[Point]) -> tuple[PredictedWithin, ...]:
    """Those that nothing measured or predicted dominates, at most MOST_PREDICTED, evenly from the best quality."""
    means = [{name: estimate.mean for name, estimate in one.expected.items()} for one in fresh]
    theirs = [_point(mean, one.shares, front.objectives) for mean, one in zip(means, fresh, strict=True)]
    on_front = [index - len(points) for index in nondominated([*points, *theirs]) if index >= len(points)]
    leading = front.leading
    ranked = sorted(
        (fresh[index] for index in on_front), key=lambda one: leading.sign * one.expected[leading.name].mean
    )
    places = np.linspace(0, len(ranked) - 1, min(MOST_PREDICTED, len(ranked))).round().astype(int)
    return tuple(ranked[place] for place in places)


def _why_not(
    front: Front,
    finished: Sequence[Trial],
    settings: StudySettings,
    survey: Survey | None,
    asked: ConstraintSettings,
) -> str:
    """Why nothing can be predicted; empty if something can."""
    if survey is None or not survey.is_complete:
        return "Patterns are predicted only inside a checkpoint that was surveyed."
    if not is_shipped(settings.space.attribute.partition(":")[0]):
        return "Patterns are predicted only in a space that nas ships, as the study's folder could name any module."
    if len(finished) < LEAST_TRIALS:
        return f"Patterns are predicted after {LEAST_TRIALS} trials, and {len(finished)} ended."
    costs = [goal.name for goal in front.objectives if goal.is_cost]
    if asked.are_measured or not set(costs) <= set(COUNTED):
        return "Patterns are predicted only where all costs are counted and shares of full attention."
    return ""


def _keeps(asked: ConstraintSettings, shares: Mapping[str, float]) -> bool:
    """Whether a pattern with these shares of full attention's costs keeps the budgets; not if a cost is unknown."""
    over = asked.excesses(shares, dict.fromkeys(shares, 1.0))
    return len(over) == len(_set(asked)) and max(over.values(), default=0.0) <= 0


def _point(values: Mapping[str, float], shares: Mapping[str, float], objectives: Sequence[Objective]) -> Point:
    """A pattern's objectives, to be minimised; costs as shares."""
    return tuple(shares[goal.name] if goal.is_cost else goal.sign * values[goal.name] for goal in objectives)


def _set(asked: ConstraintSettings) -> dict[str, float]:
    return {name: limit for name, limit in asdict(asked).items() if limit is not None}


def _said(asked: ConstraintSettings) -> str:
    return ", ".join(f"{name} {limit:g}" for name, limit in _set(asked).items())
