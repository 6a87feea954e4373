"""How far a study's ranking can be trusted: its longer training runs, compared with what the search had said."""

from msgspec import field

from nas.results.codec import Value


class LongRun(Value, frozen=True, kw_only=True):
    """One pattern that was trained longer.

    Args:
        trial: its number.
        short: the objective's value by the search's ranking, in its unit.
        long: the value after longer training, in the same unit.
        forecast: whether the search had stopped the trial, so that `short` is a forecast of the last rung.
    """

    trial: int
    short: float
    long: float
    forecast: bool


class Forecast(Value, frozen=True, kw_only=True):
    """Where a finished trial would get with longer training.

    Args:
        trial: its number.
        value: the forecast, in the objective's unit.
        standard_deviation: of the forecast, in that unit; 0 for a trial that was trained that long.
    """

    trial: int
    value: float
    standard_deviation: float


class Move(Value, frozen=True, kw_only=True):
    """A trial that longer training is forecast to rank otherwise.

    Args:
        trial: its number.
        place: its place among the finished trials, from 1 for the best.
        forecast_place: the place it is forecast to have (`from` and `to` in front.json).
    """

    trial: int
    place: int = field(name="from")
    forecast_place: int = field(name="to")


class ObjectiveFidelity(Value, frozen=True, kw_only=True):
    """One measured objective.

    Args:
        patterns: the long runs.
        tau: Kendall's tau-b between the search's ranking of them and the long runs'; None where it has no value.
        tau_low: lower end of its 95 % bootstrap interval.
        tau_high: upper end.
        tau_between_seeds: how well two seeds of the long runs agree: the most that could be asked for; None for one.
        regret_of_best: what is lost by choosing the search's best, in the objective's unit.
        regret_of_best_3: the same with the best of the search's three best.
        chance: how likely unrelated rankings agree as well or better, 0 to 1.
        better_than_chance: whether that is below 0.05.
        forecasts: every finished trial at the length of the long runs; empty for a mean rank.
        moved: those that are forecast to move by two places or more.
    """

    patterns: tuple[LongRun, ...]
    tau: float | None
    tau_low: float | None
    tau_high: float | None
    tau_between_seeds: float | None
    regret_of_best: float | None
    regret_of_best_3: float | None
    chance: float | None
    better_than_chance: bool
    forecasts: tuple[Forecast, ...]
    moved: tuple[Move, ...]

    def __post_init__(self) -> None:
        told = (self.tau_low, self.tau_high, self.chance, self.regret_of_best)
        if self.tau is not None and self.tau_low is not None and None in told:
            raise ValueError("tau has an interval, but tau_high, chance or regret_of_best is null")


class RungAgreement(Value, frozen=True, kw_only=True):
    """How a rung ranks the trials that reached the last one.

    Args:
        num_steps: the rung, in optimiser steps.
        num_trials: trials that are compared.
        tau: Kendall's tau-b with the last rung, by measured objective; None where it has no value.
    """

    num_steps: int
    num_trials: int
    tau: dict[str, float | None]


class FidelityReport(Value, frozen=True, kw_only=True):
    """What the longer training runs of a study showed (docs/fidelity.md).

    Args:
        num_steps: their length, in optimiser steps.
        times: the same as a multiple of the last rung.
        num_seeds: seeds of each.
        objectives: by name, the measured ones.
        rungs: every rung but the last.
    """

    num_steps: int
    times: int
    num_seeds: int
    objectives: dict[str, ObjectiveFidelity]
    rungs: tuple[RungAgreement, ...]
