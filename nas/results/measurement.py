"""The measurement of a pattern: one training run at one rung."""

from enum import StrEnum
from typing import Self

from nas.results.codec import Value


def precision_in(environment: str) -> str:
    """The precision that a `Measurement.environment` ends with: float32 or bfloat16."""
    return environment.rpartition(", ")[2]


class Outcome(StrEnum):
    """How a training run ended."""

    FINISHED = "finished"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out_of_memory"
    FAILED = "failed"


class LengthQuality(Value, frozen=True, kw_only=True):
    """The quality of a rung on longer sequences than it was trained on.

    Args:
        times: the length as a multiple of the training length.
        num_tokens: the length, in tokens.
        quality: the task's metric on the validation set of that length, in its unit.
    """

    times: int
    num_tokens: int
    quality: float


class PartQuality(Value, frozen=True, kw_only=True):
    """The quality on one of several parts of a validation set; their mean is the quality of the whole.

    Args:
        name: the task's name for the part.
        quality: the task's metric on it, in its unit.
    """

    name: str
    quality: float


class Measurement(Value, frozen=True, kw_only=True):
    """The measurement of one pattern on one task, trained with one seed to one rung.

    Args:
        seed: seed of the initial weights.
        learning_rate: peak learning rate.
        step: the rung, in optimiser steps; 1 for frozen weights.
        outcome: how it ended.
        quality: the task's metric at the rung, in its unit; None unless finished.
        train_loss: mean training loss over the branch to the rung, in nats per scored token; None unless finished,
            or if nothing is trained.
        wall_seconds: time spent on the trunk up to here and on this branch, in seconds; a cohort's time is divided
            among its members.
        task: the study's label for the task; empty outside of a study, as the next three are.
        pattern_id: id of the pattern with its heads in order, 16 hexadecimal digits.
        conditions: hash of everything else that decides the result: data, pretrained weights, evaluation, proxy and
            training.
        environment: versions, processor and precision that it was measured with; other ones give other last digits.
        longer: the quality on longer sequences, shortest first, without lengths that the pattern or the task cannot
            have.
        parts: the quality by part, for tasks that have parts.
        reason: why it did not finish, as part of a sentence; empty where the outcome says it all.

    Raises:
        ValueError: a run that did not finish has a quality, or a finished run has none.
    """

    seed: int
    learning_rate: float
    step: int
    outcome: Outcome
    quality: float | None
    train_loss: float | None
    wall_seconds: float
    task: str = ""
    pattern_id: str = ""
    conditions: str = ""
    environment: str = ""
    longer: tuple[LengthQuality, ...]
    parts: tuple[PartQuality, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.FINISHED) != (self.quality is not None):
            raise ValueError(f"quality {self.quality!r} does not go with the outcome {self.outcome.value}")

    @classmethod
    def unfinished(cls, seed: int, learning_rate: float, step: int, outcome: Outcome, reason: str = "") -> Self:
        """The measurement of a run that did not finish."""
        return cls(
            seed=seed,
            learning_rate=learning_rate,
            step=step,
            outcome=outcome,
            quality=None,
            train_loss=None,
            wall_seconds=0.0,
            longer=(),
            reason=reason,
        )
