"""What must be known of a task to read a table without the task's data."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self, get_type_hints

from nas.space.option_types import describe, fits
from nas.statistics.ranks import Direction
from nas.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task in a few numbers.

    Args:
        unit: of its quality.
        direction: minimize or maximize.
        chance: the quality of a model that knows nothing, in its unit.
        num_tokens: sequence length, in tokens.
        vocab_size: entries of the vocabulary.
    """

    unit: str
    direction: Direction
    chance: float
    num_tokens: int
    vocab_size: int

    @classmethod
    def of(cls, task: Task) -> Self:
        """Those of a task."""
        return cls(
            unit=task.metric.unit,
            direction=task.metric.direction,
            chance=task.chance,
            num_tokens=task.num_tokens,
            vocab_size=task.vocab_size,
        )

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`.

        Raises:
            ValueError, TypeError, KeyError: somebody changed the document.
        """
        for name, hint in get_type_hints(cls).items():
            value = document[name]
            if not fits(value, hint) or (isinstance(value, float) and not math.isfinite(value)):
                raise ValueError(f"{name} must be {describe(hint)}, got {value!r}")
        return cls(**document)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)
