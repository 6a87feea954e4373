"""What a study's own model of quality says once the study has ended: computed from its trials, written to no file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nas.results.fidelity import Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Some values of a parameter, and how good patterns with them are.

    Args:
        name: the value, or the range of values, in words.
        mean: the score that the model expects of these trials, mean over them, in its unit.
        num_trials: trials with these values.
    """

    name: str
    mean: float
    num_trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterEffect:
    """How far one parameter of the space goes with the score.

    Args:
        name: its name in the space.
        share: the share of the variance of the expected scores that goes with it, 0 to 1, corrected for what any
            parameter of as many levels would explain by chance. Parameters that vary together share what they explain.
        levels: best first.
    """

    name: str
    share: float
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A trial whose score was hidden from the model that predicts it.

    Args:
        trial: its number.
        predicted: the score that is expected of the pattern, untrained, in its unit.
        measured: the score at the last rung with the search's own seed, in that unit.
    """

    trial: int
    predicted: float
    measured: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """The study's model of its first score.

    Args:
        score: name of the score; empty if the study has none.
        unit: its unit.
        effects: parameters that vary, the most important first; empty with fewer trials than tell anything.
        predictions: trials at the last rung, each predicted from others; empty with fewer trials than tell anything.
        accuracy: how well the order of the predictions agrees with that of the measurements; None without predictions.
        forecasts: the score that is expected at the last rung of trials that were stopped before it, by trial.
    """

    score: str
    unit: str
    effects: tuple[ParameterEffect, ...]
    predictions: tuple[Prediction, ...]
    accuracy: Agreement | None
    forecasts: Mapping[int, float] = field(default_factory=dict)
