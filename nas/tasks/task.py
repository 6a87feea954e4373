"""What a proxy learns: the contract that every task passes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from nas.statistics.ranks import Direction

IGNORED_TARGET = -100
"""Target value of positions that are not scored (the convention of torch's cross_entropy)."""

MOST_TOKENS = 2**20
"""Longest sequence and largest vocabulary: drawing takes tens of bytes for each entry of either."""

Ids = NDArray[np.int64]
"""Token ids, contiguous, so that torch shares their memory; this room itself needs no torch."""

Readout = Literal["each", "mean", "last"]
"""Which final hidden states predict a target: each token's own, the mean of all, or the last token's alone."""


def as_ids(values: NDArray[Any]) -> Ids:
    """Any integers as a batch has them."""
    return np.ascontiguousarray(values, dtype=np.int64)


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
        targets: int64: what it should predict, IGNORED_TARGET where nothing is scored. Shape (batch, tokens), one a
            place, or (batch,), one a sequence, for the readout "mean".
        context: int64, shape (batch, tokens): what stands right before `tokens` in the same stream, for patterns
            with a memory; None where a task has none.
    """

    tokens: Ids
    targets: Ids
    context: Ids | None = None

    def parts(self, batch_size: int) -> Iterator["Batch"]:
        """The same sequences in order, `batch_size` at a time; the last part may be smaller."""
        for start in range(0, len(self.tokens), batch_size):
            rows = slice(start, start + batch_size)
            context = None if self.context is None else self.context[rows]
            yield Batch(self.tokens[rows], self.targets[rows], context)


NO_PARTS: Mapping[str, "Task"] = MappingProxyType({})
"""Of a task that has none."""


class Task(Protocol):
    """A stream of batches and a score.

    Batches are a pure function of (seed, step), so that training resumes at any step and every
    pattern of a study sees the same data. Train and validation never overlap.
    """

    name: str
    num_tokens: int
    vocab_size: int
    causal: bool
    grid: tuple[int, int] | None
    """Rows and columns of a picture that is read row by row (rows * columns = num_tokens); None for sequences."""
    readout: Readout
    """"each": targets of shape (batch, tokens), each predicted at its own place. "mean": targets of shape (batch,),
    predicted from the mean of the final hidden states. "last": targets of shape (batch, tokens), all predicted from the
    final hidden state of the last token and an embedding of the place asked for, by a small MLP."""
    metric: Metric
    fingerprint: str
    """Hash of the data, hexadecimal; results with different fingerprints are never compared."""
    corpus_fingerprint: str | None
    """Hash of the user's or default text alone, hexadecimal; None for generated data."""
    chance: float
    """The quality of a model that knows nothing, in the metric's unit."""

    @property
    def parts(self) -> "Mapping[str, Task]":
        """Tasks of one size by name, whose validation sets make up this one's, so that the quality is the mean of
        theirs; empty where a task has none."""
        ...

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """The batch of one training step; the same for the same arguments, on every machine."""
        ...

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        """The whole validation set, always the same and in the same order."""
        ...

    def quality(self, loss: float, accuracy: float) -> float:
        """The metric from the mean cross-entropy (nats per scored token) and accuracy (share, 0 to 1)."""
        ...

    def longer(self, times: int) -> "Task | None":
        """The same task with sequences `times` as long, for evaluation alone; None where there is none.

        Shares with this task what is expensive, and its held-out data where it has any (docs/tasks.md says how
        each task grows).
        """
        ...
