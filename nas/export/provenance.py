"""Where an exported pattern comes from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

SCHEMA = "nas.provenance/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a stranger needs to find the pattern's trial again and to judge it.

    Args:
        study: name of the study.
        trial: number of the trial.
        pattern_id: id of the pattern, 16 hexadecimal digits.
        baseline: name of the baseline, or None for a sampled pattern.
        objectives: name, unit and direction of each, as front.json has them.
        scores: what was measured and is no objective, as front.json describes it.
        values: of objectives and scores by name, mean over the seeds; empty for a trial that did not finish.
        step: the rung that the values were measured at, in optimiser steps; 0 for none.
        seeds: seeds of the trainings behind the values.
        spread: standard deviation over the seeds by name, in its unit; empty for a single seed.
        cost: what the pattern costs on the study's target, by the names of `nas.results.cost.Cost`; empty if unknown.
        ratio_to_full: each of these numbers as a share of full attention's; empty if unknown.
        made_with: versions, corpus hash, task fingerprints, seed, target and the like, as front.json has them.
    """

    study: str
    trial: int
    pattern_id: str
    baseline: str | None = None
    objectives: tuple[Mapping[str, str], ...] = ()
    scores: tuple[Mapping[str, Any], ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    step: int = 0
    seeds: tuple[int, ...] = ()
    spread: Mapping[str, float] = field(default_factory=dict)
    cost: Mapping[str, int] = field(default_factory=dict)
    ratio_to_full: Mapping[str, float] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)

    @property
    def num_tokens(self) -> int | None:
        """The sequence length of the study's first task, in tokens; None if unknown."""
        return self.made_with.get("num_tokens")

    @property
    def last_rung(self) -> int | None:
        """The last rung of the study, in optimiser steps; None if unknown."""
        rungs = self.made_with.get("rungs")
        return rungs[-1] if rungs else None

    @property
    def stopped_early(self) -> bool:
        """Whether the values are of an earlier rung than those of the trials that finished."""
        return bool(self.values) and self.last_rung is not None and self.step < self.last_rung

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON, schema nas.provenance/1."""
        return {"schema": SCHEMA, **asdict(self), "stopped_early": self.stopped_early}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; raises KeyError or TypeError where the document has another form."""
        values = {name.name: document[name.name] for name in fields(cls)}
        lists = {name: tuple(values[name]) for name in ("objectives", "scores", "seeds")}
        return cls(**{**values, **lists})
