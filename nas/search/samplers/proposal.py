"""A pattern on its way into the study."""

from dataclasses import dataclass, field

from nas.patterns.model import ModelPattern
from nas.search.samplers.asking import Suggestion
from nas.space.space import Option


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pattern that was sampled or is a baseline, before anything is known of it.

    Args:
        suggestion: what the sampler suggested; empty for a baseline.
        pattern: None if the suggestions made no valid pattern.
        chosen: the values that the space was given, by parameter name.
        flaw: why there is no pattern; empty if there is one.
        baseline: the baseline's name, or None.
    """

    suggestion: Suggestion
    pattern: ModelPattern | None
    chosen: dict[str, Option] = field(default_factory=dict)
    flaw: str = ""
    baseline: str | None = None
