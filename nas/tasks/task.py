"""What a proxy learns: the contract that every task passes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

IGNORED_TARGET = -100
"""Target value of positions that are not scored (the convention of torch's cross_entropy)."""

Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True, slots=True)
class Metric:
    """How a task's quality is named and read."""

    name: str
    unit: str
    direction: Direction


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One batch of sequences.

    Args:
        tokens: int64, shape (batch, tokens): what the model reads.
        targets: int64, shape (batch, tokens): what it should say at each place; IGNORED_TARGET where
            nothing is asked.
    """

    tokens: Tensor
    targets: Tensor


class Task(Protocol):
    """A stream of batches and a score.

    Batches are a pure function of (seed, step), so that training resumes at any step and every
    pattern of a study sees the same data. Train and validation never overlap.
    """

    name: str
    num_tokens: int
    vocab_size: int
    causal: bool
    metric: Metric
    fingerprint: str
    """Hash of the data, hexadecimal; results with different fingerprints are never compared."""
    corpus_fingerprint: str | None
    """Hash of the user's or default text alone, hexadecimal; None for generated data."""
    chance: float
    """The quality of a model that knows nothing, in the metric's unit."""

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """The batch of one training step; the same for the same arguments, on every machine."""
        ...

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        """The whole validation set, always the same and in the same order."""
        ...

    def quality(self, loss: float, accuracy: float) -> float:
        """The metric from the mean cross-entropy (nats per scored token) and accuracy (share, 0 to 1)."""
        ...
