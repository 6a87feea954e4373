"""The text task: predict the next byte."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import torch
from numpy.typing import NDArray

from nas.errors import InputError
from nas.tasks.corpus import read_corpus
from nas.tasks.draws import Draws, Stream
from nas.tasks.split import Bytes, split_corpus
from nas.tasks.task import Batch, Metric


@dataclass(kw_only=True, slots=True)
class TextSettings:
    """Which text, and how it is cut.

    Args:
        name: the task's name, `text`.
        path: a file, folder or glob of text; None for the standard library's sources (`read_corpus`).
        num_tokens: sequence length, in bytes.
        validation_share: share of the corpus that is held out, above 0 and below 1.
        validation_sequences: validation windows, spread evenly over what is held out; fewer if they do not
            fit. For the noise that a number of windows leaves, see docs/tasks.md.
    """

    name: str = "text"
    path: str | None = None
    num_tokens: int = 128
    validation_share: float = 0.05
    validation_sequences: int = 512

    def __post_init__(self) -> None:
        if self.num_tokens < 2:
            raise InputError("task.num_tokens", "must be 2 or more", self.num_tokens)
        if not 0 < self.validation_share < 1:
            raise InputError("task.validation_share", "must be above 0 and below 1", self.validation_share)
        if self.validation_sequences < 1:
            raise InputError("task.validation_sequences", "must be 1 or more", self.validation_sequences)


class TextTask:
    """Bytes of text, scored in bits per byte; passes `nas.tasks.task.Task`."""

    name = "text"
    vocab_size = 256
    causal = True
    metric = Metric("bits_per_byte", "bits per byte", "minimize")
    chance = 8.0

    def __init__(self, settings: TextSettings) -> None:
        """Read the corpus, hold a part of it out, and lay the validation windows.

        Raises:
            InputError: there is no text, or too little of it for one sequence on each side.
        """
        self.num_tokens = settings.num_tokens
        corpus = read_corpus(settings.path)
        self.source = corpus.source
        self.corpus_fingerprint: str | None = corpus.fingerprint
        self._train, held_out = split_corpus(corpus, settings.validation_share)
        self._require_length(held_out, settings)
        self._validation = _spread_windows(held_out, self.num_tokens + 1, settings.validation_sequences)
        self.fingerprint = self._hash()

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Windows that start anywhere in the training bytes, drawn from (seed, step)."""
        num_starts = len(self._train) - self.num_tokens
        starts = Draws(seed, Stream.TRAIN, step).integers(num_starts, batch_size)
        return _next_byte(self._train[starts[:, None] + np.arange(self.num_tokens + 1)])

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        """The held-out windows, none overlapping another; the last batch may be smaller."""
        for start in range(0, len(self._validation), batch_size):
            yield _next_byte(self._validation[start : start + batch_size])

    def quality(self, loss: float, accuracy: float) -> float:
        """Bits per byte."""
        return loss / math.log(2)

    def _require_length(self, held_out: Bytes, settings: TextSettings) -> None:
        needed = self.num_tokens + 1
        if len(self._train) < needed or len(held_out) < needed:
            raise InputError(
                "task.path",
                f"must leave {needed:,} bytes (task.num_tokens + 1) to train on and as many to validate on",
                f"{len(self._train):,} and {len(held_out):,} bytes of {self.source}",
                "Give more text, lower task.num_tokens or change task.validation_share.",
            )

    def _hash(self) -> str:
        """All that decides the batches and the score: training bytes, validation windows, their length."""
        digest = sha256(b"%d " % self.num_tokens)
        digest.update(self._train.data)
        digest.update(self._validation.data)
        return digest.hexdigest()


def _spread_windows(data: Bytes, width: int, most: int) -> Bytes:
    """At most `most` windows that do not overlap, spread evenly, shape (windows, width)."""
    num_windows = len(data) // width
    every = data[: num_windows * width].reshape(num_windows, width)
    chosen = np.arange(min(most, num_windows)) * num_windows // min(most, num_windows)
    return every[chosen]


def _next_byte(windows: NDArray[np.uint8]) -> Batch:
    tokens = torch.from_numpy(windows.astype(np.int64))
    return Batch(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())
