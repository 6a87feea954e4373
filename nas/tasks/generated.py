"""Tasks whose sequences are generated from (seed, step) and scored by the share of right answers."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from nas.ranges import check_range
from nas.tasks.rng import Rng, Stream
from nas.tasks.task import NO_PARTS, Batch, Metric, Readout, Task


@dataclass(kw_only=True, slots=True)
class GeneratedSettings:
    """Settings of every generated task.

    Args:
        name: the task's name.
        validation_sequences: sequences of the validation set.
    """

    name: str = ""
    validation_sequences: int = 512

    def __post_init__(self) -> None:
        check_range("task.validation_sequences", self.validation_sequences, least=1)


S = TypeVar("S", bound=GeneratedSettings)


class GeneratedTask(ABC, Generic[S]):
    """What generated tasks share; a task adds its sizes and how a batch is drawn.

    Args:
        settings: what is drawn.
    """

    name: str
    num_tokens: int
    vocab_size: int
    chance: float
    causal = True
    grid: tuple[int, int] | None = None
    readout: Readout = "each"
    corpus_fingerprint: str | None = None
    parts: Mapping[str, Task] = NO_PARTS
    metric = Metric("accuracy", "share of answers", "maximize")

    def __init__(self, settings: S) -> None:
        self._settings = settings
        self._validation = self._hold_out()
        self.fingerprint = self._hash()

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Fresh sequences, drawn from (seed, step)."""
        return self._draw(Rng(seed, Stream.TRAIN, step), batch_size)

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        """The validation sequences, drawn from a stream of their own; the last batch may be smaller."""
        yield from self._validation.parts(batch_size)

    def quality(self, loss: float, accuracy: float) -> float:
        """Share of right answers, 0 to 1."""
        return accuracy

    @abstractmethod
    def longer(self, times: int) -> Task | None:
        """As `nas.tasks.task.Task` has it."""

    @abstractmethod
    def _draw(self, rng: Rng, batch_size: int) -> Batch: ...

    def _hold_out(self) -> Batch:
        return self._draw(Rng(0, Stream.VALIDATION, 0), self._settings.validation_sequences)

    def _hash(self) -> str:
        """The settings, and the sequences that they made, so that a changed generator shows."""
        digest = sha256(json.dumps(asdict(self._settings), sort_keys=True).encode())
        digest.update(self._validation.tokens.data)
        digest.update(self._validation.targets.data)
        return digest.hexdigest()
