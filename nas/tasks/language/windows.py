"""Sequences cut out of one long stream of tokens: what text and token files share."""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nas.errors import InputError
from nas.ranges import check_range
from nas.tasks.rng import Rng, Stream
from nas.tasks.task import NO_PARTS, Batch, Readout, Task, as_ids

Tokens = NDArray[Any]
"""Token ids of any integer type, shape (length,)."""


@dataclass(kw_only=True, slots=True)
class WindowSettings:
    """How a stream is cut.

    Args:
        name: the task's name.
        path: where the data is.
        num_tokens: sequence length, in tokens.
        validation_share: share of the data that is held out, above 0 and below 1.
        validation_sequences: validation windows, spread evenly over what is held out; fewer if they do not
            fit. For the noise that a number of windows leaves, see docs/tasks.md.
    """

    name: str = ""
    path: str | None = None
    num_tokens: int = 128
    validation_share: float = 0.05
    validation_sequences: int = 256

    def __post_init__(self) -> None:
        check_range("task.num_tokens", self.num_tokens, least=2)
        check_range("task.validation_share", self.validation_share, above=0, below=1)
        check_range("task.validation_sequences", self.validation_sequences, least=1)


class WindowTask:
    """Predict the next token in windows of a stream; tasks that read one inherit this.

    Args:
        source: where the data came from, for reports and messages.
        train: tokens to train on.
        held_out: tokens to validate on.
        settings: how they are cut.

    Raises:
        InputError: too little data for one sequence on each side.
    """

    causal = True
    grid: tuple[int, int] | None = None
    readout: Readout = "each"
    parts: Mapping[str, Task] = NO_PARTS

    def __init__(self, source: str, train: Tokens, held_out: Tokens, settings: WindowSettings) -> None:
        self.source = source
        self._train, self._held_out = train, held_out
        self._most_windows = settings.validation_sequences
        if not self._has_room(settings.num_tokens):
            raise InputError(
                "task.path",
                f"must leave {settings.num_tokens + 1:,} tokens (task.num_tokens + 1) to train on and as many to "
                "validate on",
                f"{len(train):,} and {len(held_out):,} tokens of {source}",
                "Give more data, lower task.num_tokens or change task.validation_share.",
            )
        self._cut(settings.num_tokens)

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Windows that start anywhere in the training tokens, drawn from (seed, step)."""
        rng = Rng(seed, Stream.TRAIN, step)
        starts = rng.integers(len(self._train) - self.num_tokens, batch_size)
        return self._ask(self._train, starts, rng)

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        """The held-out windows, none overlapping another; the last batch may be smaller."""
        yield from self._validation.parts(batch_size)

    def longer(self, times: int) -> Self | None:
        """Longer windows of the same tokens, held out and trained on as before; None if not one fits.

        There are fewer of them, so that as many tokens are scored.
        """
        if not self._has_room(times * self.num_tokens):
            return None
        other = copy(self)
        other._most_windows = max(1, self._most_windows // times)
        other._cut(times * self.num_tokens)
        return other

    def on_training_text(self, num_sequences: int) -> Self:
        """The same with windows of the training tokens in place of the held-out ones.

        Args:
            num_sequences: most windows.
        """
        other = copy(self)
        other._held_out, other._most_windows = self._train, num_sequences
        other._cut(self.num_tokens)
        return other

    def _has_room(self, num_tokens: int) -> bool:
        return min(len(self._train), len(self._held_out)) > num_tokens

    def _cut(self, num_tokens: int) -> None:
        self.num_tokens = num_tokens
        starts = _spread_starts(len(self._held_out), num_tokens + 1, self._most_windows)
        self._validation = self._ask(self._held_out, starts, Rng(0, Stream.VALIDATION, 0))
        self.fingerprint = self._hash(starts)

    def _ask(self, data: Tokens, starts: NDArray[np.int64], rng: Rng) -> Batch:
        """The tokens and targets of windows; `rng` is for what a task draws beyond the starts."""
        return next_token(data, starts, self.num_tokens)

    def _hash(self, starts: NDArray[np.int64]) -> str:
        """Everything that decides batches and scores: training tokens, validation windows, their length."""
        digest = sha256(b"%d " % self.num_tokens)
        digest.update(np.ascontiguousarray(self._train).data)
        digest.update(cut_windows(self._held_out, starts, 0, self.num_tokens + 1).data)
        return digest.hexdigest()


def cut_windows(data: Tokens, starts: NDArray[np.int64], first: int, stop: int) -> Tokens:
    """The tokens from `first` to before `stop` of every start, shape (starts, stop - first), in the data's type.

    Places before the data wrap around to its end, as numpy's negative indices do.
    """
    windows: Tokens = data[starts[:, None] + np.arange(first, stop)]
    return windows


def next_token(data: Tokens, starts: NDArray[np.int64], num_tokens: int) -> Batch:
    """Windows with the next token as the target of each, and the window before as their context.

    The context of the very first windows wraps around to the end of the data (`cut_windows`).
    """
    wide = cut_windows(data, starts, -num_tokens, num_tokens + 1).astype(np.int64)
    context, tokens, targets = wide[:, :num_tokens], wide[:, num_tokens:-1], wide[:, num_tokens + 1 :]
    return Batch(as_ids(tokens), as_ids(targets), as_ids(context))


def _spread_starts(length: int, width: int, most: int) -> NDArray[np.int64]:
    """Starts of at most `most` windows of `width` that do not overlap, spread evenly, ascending."""
    num_windows = length // width
    count = min(most, num_windows)
    return np.arange(count) * num_windows // count * width
