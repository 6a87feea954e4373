"""What a study knows within budgets that it was not run with (schema nas.within/1): what is measured, and predicted."""

from typing import Final, Literal

from nas.patterns.model import ModelPattern
from nas.results.codec import Value
from nas.results.front import Estimate
from nas.results.objective import Objective
from nas.results.trial import Param

SCHEMA: Final = "nas.within/1"


class MeasuredWithin(Value, frozen=True, kw_only=True):
    """A trial that no other within the budgets dominates.

    Args:
        trial: its number.
        baseline: name of the baseline; None for a sampled pattern.
        values: objective values by name, as measured.
        shares: its costs as shares of full attention's, by name of the objective.
        pattern_id: id of the pattern, 16 hexadecimal digits.
        pattern: the pattern.
    """

    trial: int
    baseline: str | None
    values: dict[str, float]
    shares: dict[str, float]
    pattern_id: str
    pattern: ModelPattern


class PredictedWithin(Value, frozen=True, kw_only=True):
    """A pattern that nobody has scored, and that the study's model expects on the front within the budgets.

    Args:
        params: the values that the space makes it of, by parameter name.
        expected: the measured objectives by name, as the study's model expects them.
        shares: its costs as shares of full attention's, by name of the objective.
        pattern_id: id of the pattern, 16 hexadecimal digits.
        pattern: the pattern.
    """

    params: dict[str, Param]
    expected: dict[str, Estimate]
    shares: dict[str, float]
    pattern_id: str
    pattern: ModelPattern


class Within(Value, frozen=True, kw_only=True):
    """A study within budgets.

    Args:
        study: its name.
        constraints: the budgets by name, as shares of full attention.
        objectives: the axes of the front.
        measured: best quality first; empty where no trial keeps the budgets.
        predicted: best quality first; each is predicted until a trial confirms it.
        why_none_predicted: why no pattern is predicted, as a sentence; empty where some are.
        num_trials: trials that the model was fitted to.
    """

    schema: Literal["nas.within/1"] = SCHEMA
    study: str
    constraints: dict[str, float]
    objectives: tuple[Objective, ...]
    measured: tuple[MeasuredWithin, ...]
    predicted: tuple[PredictedWithin, ...]
    why_none_predicted: str
    num_trials: int
