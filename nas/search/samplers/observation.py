"""One trial as a sampler sees it."""

from msgspec import field

from nas.patterns.model import ModelPattern
from nas.results.codec import Value
from nas.results.proposal import Suggestion

TRAINED = "trained"
"""The constraint that a pattern breaks if it could not be trained."""


class Observation(Value, frozen=True, kw_only=False):
    """A trial that has ended or is running.

    Args:
        suggestion: the sampler's suggestion.
        values: one value per objective, in their order; None while the trial runs.
        constraints: by name, 0 or less where it is satisfied.
        pattern: the pattern that the suggestion made; None if it made none.
        costs: the cost objectives as shares of full attention, in their order.
        rung_values: for every measured objective, in their order, its value at every rung, to be minimised; None where
            the trial was not trained to. Empty if nothing is to be trained.
    """

    suggestion: Suggestion
    values: tuple[float, ...] | None = None
    constraints: dict[str, float] = field(default_factory=dict)
    pattern: ModelPattern | None = None
    costs: tuple[float, ...] = ()
    rung_values: tuple[tuple[float | None, ...], ...] = ()

    @property
    def was_tried(self) -> bool:
        """Whether training it gave a value, or failed."""
        measured = any(value is not None for values in self.rung_values for value in values)
        return measured or self.constraints.get(TRAINED, 0) > 0
