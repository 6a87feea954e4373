"""What one training of one pattern showed."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from nas.proxy.curve import CurvePoint as CurvePoint


class Outcome(StrEnum):
    """How a training ended."""

    FINISHED = "finished"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One pattern, one seed, trained once.

    Args:
        seed: seed of the initial weights.
        learning_rate: peak learning rate.
        outcome: how it ended.
        quality: the task's metric at the end, in its unit; None unless finished.
        curve: validations on the way, the last at the end.
        wall_seconds: time spent, in seconds, shared time of a cohort divided among its members.
    """

    seed: int
    learning_rate: float
    outcome: Outcome
    quality: float | None
    curve: tuple[CurvePoint, ...]
    wall_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        curve = tuple(CurvePoint(**point) for point in document["curve"])
        return cls(**{**document, "outcome": Outcome(document["outcome"]), "curve": curve})
