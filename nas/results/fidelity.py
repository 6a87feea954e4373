"""The fidelity report: how well a study's ranking agrees with that of longer training runs."""

from msgspec import field

from nas.results.codec import Value


class LongRun(Value, frozen=True, kw_only=True):
    """A pattern that was trained longer.

    Args:
        trial: its number.
        short: the objective's value that the search ranks by, in its unit.
        long: the value after longer training, in the same unit.
        forecast: whether the search had stopped the trial, so that `short` is a forecast of the last rung.
    """

    trial: int
    short: float
    long: float
    forecast: bool


class Forecast(Value, frozen=True, kw_only=True):
    """The forecast value of a finished trial after longer training.

    Args:
        trial: its number.
        value: the forecast, in the objective's unit.
        standard_deviation: of the forecast, in that unit; 0 for a trial that was trained for that long.
    """

    trial: int
    value: float
    standard_deviation: float


class Move(Value, frozen=True, kw_only=True):
    """A trial whose rank is forecast to change with longer training.

    Args:
        trial: its number.
        place: its place among the finished trials, from 1 for the best.
        forecast_place: the place it is forecast to have (`from` and `to` in front.json).
    """

    trial: int
    place: int = field(name="from")
    forecast_place: int = field(name="to")


class ObjectiveFidelity(Value, frozen=True, kw_only=True):
    """The fidelity of one measured objective.

    Args:
        patterns: the long runs.
        tau: Kendall's tau-b between their ranking by the search and by the long runs; None if undefined.
        tau_low: lower end of its 95 % bootstrap interval.
        tau_high: upper end.
        tau_between_seeds: how well two seeds of the long runs agree, the most to expect of tau; None for one seed.
        regret_of_best: what is lost by choosing the search's best, in the objective's unit.
        regret_of_best_3: the same with the best of the search's three best.
        chance: probability that unrelated rankings agree as well or better, 0 to 1.
        better_than_chance: whether that is below 0.05.
        forecasts: every finished trial at the length of the long runs; empty for a mean rank.
        moved: trials that are forecast to move by two places or more.
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
        known = (self.tau_low, self.tau_high, self.chance, self.regret_of_best)
        if self.tau is not None and self.tau_low is not None and None in known:
            raise ValueError("tau has an interval, but tau_high, chance or regret_of_best is null")


class RungAgreement(Value, frozen=True, kw_only=True):
    """How well a rung ranks the trials that reached the last one.

    Args:
        num_steps: the rung, in optimiser steps.
        num_trials: trials that are compared.
        tau: Kendall's tau-b with the last rung, by measured objective; None if undefined.
    """

    num_steps: int
    num_trials: int
    tau: dict[str, float | None]


class FidelityReport(Value, frozen=True, kw_only=True):
    """The results of a study's longer training runs (docs/fidelity.md).

    Args:
        num_steps: their length, in optimiser steps.
        times: the same as a multiple of the last rung.
        num_seeds: seeds of each run.
        objectives: the measured objectives, by name.
        rungs: every rung but the last.
    """

    num_steps: int
    times: int
    num_seeds: int
    objectives: dict[str, ObjectiveFidelity]
    rungs: tuple[RungAgreement, ...]
