"""The proposal of a trial: a sampled pattern or a baseline, before it is trained."""

from typing import Any

from msgspec import field

from nas.patterns.model import ModelPattern
from nas.results.codec import Value
from nas.results.trial import Param


class Suggestion(Value, frozen=True, kw_only=True):
    """The sampler's suggestion for one trial.

    Args:
        params: values by parameter name.
        distributions: Optuna's description of each parameter, as JSON text.
        attributes: what the sampler stores with the trial for its own use, such as a generation.
    """

    params: dict[str, Param] = field(default_factory=dict)
    distributions: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


class Proposal(Value, frozen=True, kw_only=True):
    """A sampled pattern or a baseline, before anything is known about it: ask.json, next to pattern.json.

    Args:
        suggestion: the sampler's suggestion; empty for a baseline.
        pattern: None if there is a flaw or a failure.
        chosen: the values that the space was given, by parameter name.
        flaw: why the suggestion makes no valid pattern; empty if it does, or if sampling failed.
        failure: why the space failed to sample a pattern, or the pattern could not be counted; else empty.
        baseline: the baseline's name, or None.
    """

    suggestion: Suggestion
    pattern: ModelPattern | None = None
    chosen: dict[str, Param] = field(default_factory=dict)
    flaw: str
    failure: str = ""
    baseline: str | None = None
