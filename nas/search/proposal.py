"""A pattern on its way into the study."""

from dataclasses import dataclass

from nas.patterns.model import ModelPattern
from nas.search.asking import Suggestion


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pattern that was sampled or is a baseline, before anything is known of it.

    Args:
        suggestion: what the sampler suggested; empty for a baseline.
        pattern: None if the suggestions made no valid pattern.
        flaw: then, why; empty otherwise.
        baseline: the baseline's name, or None.
    """

    suggestion: Suggestion
    pattern: ModelPattern | None
    flaw: str = ""
    baseline: str | None = None
