"""A trial of a study: trial.json."""

from enum import StrEnum

from msgspec import field

from nas.patterns.model import ModelPattern
from nas.results.codec import Value
from nas.results.cost import Cost
from nas.results.measurement import Measurement
from nas.results.objective import cost_values
from nas.results.profile import Profile
from nas.results.survey import Losses

Param = bool | int | float | str
"""A value that a space was given."""


class TrialState(StrEnum):
    """The state of a trial; STOPPED has scores at a rung below the last one, FINISHED at the last one."""

    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"
    DUPLICATE = "duplicate"
    IMPOSSIBLE = "impossible"
    OVER_BUDGET = "over_budget"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out_of_memory"
    FAILED = "failed"


class Trial(Value, frozen=True, kw_only=True):
    """A sampled pattern or a baseline, and what is known about it.

    Args:
        number: from 0, in the order of proposal; baselines come first.
        state: how far it has got.
        baseline: name of the baseline, or None for a sampled pattern.
        params: the values that the space was given, by parameter name.
        pattern: the pattern, as it is meant in the study's target; None only if the suggestions give no valid pattern
            (state IMPOSSIBLE), or the space failed (state FAILED).
        proxy_pattern: what the proxy was trained with in its place; None if that is the pattern itself.
        cost: what it costs on the target; None only together with the pattern.
        predicted: what a survey of the checkpoint predicts that the pattern loses beyond full attention; None without.
        profile: what it takes on the study's device; None unless an objective or a constraint is measured there.
        duplicate_of: number of the earlier trial with the same pattern id, or None.
        reason: why it was not trained or did not finish, as a sentence; else empty.
        step: the highest rung that the search's own seed was trained to, in optimiser steps; 0 for none.
        measurements: one per seed, rung and task, in the order of training. A duplicate has those of its original.
        scores: by name, as measured at that rung, mean over the seeds that finished; empty if none did.
        values: objective values by name; empty together with the scores. A mean rank is taken among the trials that
            had reached this rung when the record was written.
    """

    number: int
    state: TrialState
    baseline: str | None = None
    params: dict[str, Param] = field(default_factory=dict)
    pattern: ModelPattern | None
    proxy_pattern: ModelPattern | None = None
    cost: Cost | None
    predicted: Losses | None = None
    profile: Profile | None = None
    duplicate_of: int | None = None
    reason: str = ""
    step: int = 0
    measurements: tuple[Measurement, ...]
    scores: dict[str, float] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)

    @property
    def trained_pattern(self) -> ModelPattern | None:
        """The pattern that the study trains or scores."""
        return self.proxy_pattern or self.pattern

    @property
    def costs(self) -> dict[str, float]:
        """The value of every cost objective that is known, by its name."""
        return {} if self.cost is None else cost_values(self.cost, self.profile)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds behind its scores, in the order of training."""
        measured = (one for one in self.measurements if one.quality is not None and one.step == self.step)
        return tuple(dict.fromkeys(one.seed for one in measured))
