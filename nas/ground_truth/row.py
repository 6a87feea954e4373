"""One training at one rung: a line of a table."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Self

from nas.results.measurement import Measurement

Key = tuple[str, int, float, int, bool]
"""What tells rows apart: pattern, seed, learning rate, rung, and whether it belongs to the sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One training at one rung.

    Args:
        pattern_id: which pattern.
        measurement: what it showed.
        sweep: whether it was trained to compare learning rates.
    """

    pattern_id: str
    measurement: Measurement
    sweep: bool = False

    @property
    def key(self) -> Key:
        """What no other row of the table has."""
        measured = self.measurement
        return self.pattern_id, measured.seed, measured.learning_rate, measured.step, self.sweep

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"pattern_id": self.pattern_id, "sweep": self.sweep} | self.measurement.to_dict()

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; what a measurement did not have yet when the row was written takes its default.

        Raises:
            ValueError, TypeError, KeyError: somebody changed the document.
        """
        known = {field.name: field.default for field in fields(Measurement)}
        if unknown := document.keys() - known.keys() - {"pattern_id", "sweep"}:
            raise ValueError(f"the unknown key {min(unknown)!r}")
        if not isinstance(document["sweep"], bool):
            raise ValueError(f"sweep must be true or false, got {document['sweep']!r}")
        defaults = {name: default for name, default in known.items() if default is not MISSING}
        measured = defaults | {name: value for name, value in document.items() if name in known}
        return cls(
            pattern_id=document["pattern_id"], sweep=document["sweep"], measurement=Measurement.from_dict(measured)
        )
