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


class Agreement(Value, frozen=True, kw_only=True):
    """How well two rankings of the same patterns agree.

    Args:
        num_patterns: how many are compared, two or more.
        tau: Kendall's tau-b between the two, -1 to 1; None if all are the same on one side.
        mean: posterior mean of the tau that more patterns of this kind would show, -1 to 1.
        low: lower end of its 90 % interval.
        high: upper end.
        above_half: the probability that it is above 0.5, where three pairs in four are ordered alike.
    """

    num_patterns: int
    tau: float | None
    mean: float
    low: float
    high: float
    above_half: float

    @property
    def better_than_chance(self) -> bool:
        """Whether tau is above 0 with a probability of 95 % or more."""
        return self.low > 0


class ObjectiveFidelity(Value, frozen=True, kw_only=True):
    """The fidelity of one measured objective.

    Every agreement is between the search's ranking and that of the long runs, and None for fewer than two patterns.

    Args:
        patterns: the long runs.
        agreement: over all of them.
        contenders: over those that are on the front with a probability of 5 % or more.
        measured: over those that the search trained to the last rung.
        forecast: over those that halving stopped.
        freed_of_noise: over all, between their values without the noise of single runs, which the two share in part;
            None if the noise is unknown, or all that the patterns differ by.
        noise_ceiling: the tau between two long runs of these patterns with different seeds, which differ by noise
            alone; None if the noise is unknown.
        regret_of_best: what is lost by choosing the search's best, in the objective's unit; None without long runs.
        regret_of_best_3: the same with the best of the search's three best.
        forecasts: every finished trial at the length of the long runs; empty for a mean rank.
        moved: trials that are forecast to move by two places or more.
    """

    patterns: tuple[LongRun, ...]
    agreement: Agreement | None
    contenders: Agreement | None
    measured: Agreement | None
    forecast: Agreement | None
    freed_of_noise: Agreement | None
    noise_ceiling: float | None
    regret_of_best: float | None
    regret_of_best_3: float | None
    forecasts: tuple[Forecast, ...]
    moved: tuple[Move, ...]

    def __post_init__(self) -> None:
        if self.agreement is not None and self.regret_of_best is None:
            raise ValueError("there is an agreement, but regret_of_best is null")


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


class Reordering(Value, frozen=True, kw_only=True):
    """How far more training moves patterns against one another, measured over the trials that have both lengths.

    Where patterns are compared by a projection, a change that it foresaw does not count: the values at the shorter
    length are projected to the longer one, from the rung below where there is one.

    Args:
        objective: name of the measured objective.
        from_steps: the shorter length, in optimiser steps.
        to_steps: the longer length, in optimiser steps.
        num_trials: trials that have both with the search's own seed, two or more.
        deviation: standard deviation of the change of the distance between two patterns, in the objective's unit.
        per_doubling: the same without noise, for a doubling of the steps; None if the noise is unknown.
    """

    objective: str
    from_steps: int
    to_steps: int
    num_trials: int
    deviation: float
    per_doubling: float | None


class ScaleAgreement(Value, frozen=True, kw_only=True):
    """How one measured objective is ranked one size up.

    Args:
        patterns: those that were trained there; `long` is the value in the larger model.
        agreement: between the search's ranking and that of the larger model; None for fewer than two patterns.
        regret_of_best: what is lost there by choosing the search's best, in the objective's unit; None without
            patterns.
    """

    patterns: tuple[LongRun, ...]
    agreement: Agreement | None
    regret_of_best: float | None

    def __post_init__(self) -> None:
        if self.agreement is not None and self.regret_of_best is None:
            raise ValueError("there is an agreement, but regret_of_best is null")


class ScaleCheck(Value, frozen=True, kw_only=True):
    """The same patterns in a model with more tokens and layers (`fidelity.scale`), trained once.

    Args:
        scale: how many times the tokens and the layers of the study's proxy it has.
        num_tokens: length of its sequences, in tokens.
        num_layers: its layers.
        num_steps: how long it was trained, as long as the long runs, in optimiser steps.
        step_flops: FLOP of one of its steps with full attention, as a multiple of those of one of the proxy's.
        objectives: the measured objectives, by name.
        regret_of_front: what is lost by choosing the front among these patterns that the search sees, as a share of
            the hypervolume of the front that the larger model sees; None if that is 0.
    """

    scale: int
    num_tokens: int
    num_layers: int
    num_steps: int
    step_flops: float
    objectives: dict[str, ScaleAgreement]
    regret_of_front: float | None


class FidelityReport(Value, frozen=True, kw_only=True):
    """The results of a study's longer training runs, in the same model and where asked one size up (docs/fidelity.md).

    Args:
        num_steps: their length, in optimiser steps.
        times: the same as a multiple of the last rung.
        num_seeds: seeds of each run.
        share_of_steps: what they took of all optimiser steps of the study, 0 to 1.
        objectives: the measured objectives, by name.
        rungs: every rung but the last.
        regret_of_front: what is lost by choosing among the long runs the front that the search sees, as a share of the
            hypervolume of the front that the long runs see, which judge both; None if that is 0.
        untrained_share: the hypervolume of the baselines and of as many sampled patterns as the front has, spread
            evenly by cost without regard to quality, as a share of the front's hypervolume; None if that is 0.
        larger: the check one size up; None if there was none.
    """

    num_steps: int
    times: int
    num_seeds: int
    share_of_steps: float
    objectives: dict[str, ObjectiveFidelity]
    rungs: tuple[RungAgreement, ...]
    regret_of_front: float | None
    untrained_share: float | None
    larger: ScaleCheck | None = None
