"""What one training of one pattern showed at one rung."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self, get_type_hints

from nas.space.option_types import describe, fits


class Outcome(StrEnum):
    """How a training ended."""

    FINISHED = "finished"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthQuality:
    """A rung, validated on longer sequences than it was trained on.

    Args:
        times: the length as a multiple of the training length.
        num_tokens: the length, in tokens.
        quality: the task's metric on the validation set of that length, in its unit.
    """

    times: int
    num_tokens: int
    quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartQuality:
    """One of several parts of a validation set, whose mean is the quality.

    Args:
        name: what the task calls the part.
        quality: the task's metric on it, in its unit.
    """

    name: str
    quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One pattern, one task, one seed, trained to one rung.

    Args:
        seed: seed of the initial weights.
        learning_rate: peak learning rate.
        step: the rung, in optimiser steps; 1 for frozen weights.
        outcome: how it ended.
        quality: the task's metric at the rung, in its unit; None unless finished.
        train_loss: mean training loss over the branch to the rung, in nats per scored token; None unless finished,
            or where nothing is trained.
        wall_seconds: time spent on the trunk up to here and on this branch, in seconds, shared time of a cohort
            divided among its members.
        task: what a study calls the task; empty outside of one.
        longer: the rung on longer sequences, shortest first; lengths that the pattern or the task cannot have left out.
        parts: the quality by part, for tasks that have parts.
    """

    seed: int
    learning_rate: float
    step: int
    outcome: Outcome
    quality: float | None
    train_loss: float | None
    wall_seconds: float
    task: str = ""
    longer: tuple[LengthQuality, ...] = ()
    parts: tuple[PartQuality, ...] = ()

    @classmethod
    def unfinished(cls, seed: int, learning_rate: float, step: int, outcome: Outcome) -> Self:
        """What there is to say where training gave no quality."""
        return cls(
            seed=seed,
            learning_rate=learning_rate,
            step=step,
            outcome=outcome,
            quality=None,
            train_loss=None,
            wall_seconds=0.0,
        )

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Self:
        """The inverse of `to_dict`.

        Raises:
            ValueError, TypeError, KeyError: somebody changed the document; `nas.files` names its file.
        """
        _check_numbers(cls, document)
        for length in document["longer"]:
            _check_numbers(LengthQuality, length)
        for part in document.get("parts", ()):  # files from before there were parts have none
            _check_numbers(PartQuality, part)
        outcome = Outcome(document["outcome"])
        if (outcome is Outcome.FINISHED) != (document["quality"] is not None):
            raise ValueError(f"quality {document['quality']!r} does not go with the outcome {outcome.value}")
        longer = tuple(LengthQuality(**length) for length in document["longer"])
        parts = tuple(PartQuality(**part) for part in document.get("parts", ()))
        return cls(**{**document, "outcome": outcome, "longer": longer, "parts": parts})


def _check_numbers(kind: type[Any], document: Mapping[str, Any]) -> None:
    """Every number is of its field's type, and finite."""
    for name, hint in get_type_hints(kind).items():
        if hint not in (int, float, float | None):
            continue
        value = document[name]
        if not fits(value, hint) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"{name} must be {describe(hint)}, got {value!r}")
