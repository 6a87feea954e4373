"""The recall task: multi-query associative recall (MQAR)."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256

import numpy as np
import torch
from numpy.typing import NDArray

from nas.errors import InputError
from nas.tasks.draws import Draws, Stream
from nas.tasks.task import IGNORED_TARGET, Batch, Metric

GAP_POWER = 0.01
"""Exponent a of the gap law p(i) ~ i**(a - 1) with which Zoology and Based train and test."""

MOST_TOKENS = 2**20
"""Longest sequence and largest vocabulary: drawing takes tens of bytes for each entry of either."""


@dataclass(kw_only=True, slots=True)
class RecallSettings:
    """How much is to be recalled, and over what distance.

    Args:
        name: the task's name, `recall`.
        num_tokens: sequence length n, in tokens, even, at least 4 * num_pairs.
        vocab_size: entries V of the vocabulary; keys are drawn from 1 to V // 2 - 1, values from V // 2 to V - 1.
        num_pairs: key-value pairs D of a sequence; each is asked for once.
        gap_power: exponent a, above 0: small values put most queries close behind the pairs, 1 spreads them evenly.
        random_filler: fill the places where nothing is asked with any token instead of token 0. Filler may
            then repeat a key, with a wrong value behind it.
        validation_sequences: sequences of the validation set.
    """

    name: str = "recall"
    num_tokens: int = 128
    vocab_size: int = 256
    num_pairs: int = 8
    gap_power: float = GAP_POWER
    random_filler: bool = False
    validation_sequences: int = 512

    def __post_init__(self) -> None:
        if self.num_pairs < 1:
            raise InputError("task.num_pairs", "must be 1 or more", self.num_pairs)
        if self.num_tokens % 2 or self.num_tokens < 4 * self.num_pairs:
            allowed = f"must be even and at least {4 * self.num_pairs} (4 * num_pairs)"
            raise InputError("task.num_tokens", allowed, self.num_tokens, "Raise it or lower task.num_pairs.")
        if max(self.num_tokens, self.vocab_size) > MOST_TOKENS:
            name = "num_tokens" if self.num_tokens > MOST_TOKENS else "vocab_size"
            raise InputError(f"task.{name}", f"must be at most {MOST_TOKENS:,}", getattr(self, name))
        if self.vocab_size < 2 * self.num_pairs + 2:
            allowed = f"must be at least {2 * self.num_pairs + 2} (2 * num_pairs + 2)"
            raise InputError("task.vocab_size", allowed, self.vocab_size, "Raise it or lower task.num_pairs.")
        if not 0 < self.gap_power < math.inf:
            raise InputError("task.gap_power", "must be above 0 and finite", self.gap_power)
        if self.validation_sequences < 1:
            raise InputError("task.validation_sequences", "must be 1 or more", self.validation_sequences)


class RecallTask:
    """MQAR, scored by the share of queries answered; passes `nas.tasks.task.Task`."""

    name = "recall"
    causal = True
    corpus_fingerprint: str | None = None
    metric = Metric("accuracy", "share of queries", "maximize")

    def __init__(self, settings: RecallSettings) -> None:
        self.num_tokens = settings.num_tokens
        self.vocab_size = settings.vocab_size
        self.chance = 1 / (settings.vocab_size - settings.vocab_size // 2)
        self._settings = settings
        self._validation = self._batch(Draws(0, Stream.VALIDATION, 0), settings.validation_sequences)
        self.fingerprint = self._hash()

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Fresh sequences, drawn from (seed, step)."""
        return self._batch(Draws(seed, Stream.TRAIN, step), batch_size)

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        """The validation sequences, drawn from a stream of their own; the last batch may be smaller."""
        for start in range(0, len(self._validation.tokens), batch_size):
            rows = slice(start, start + batch_size)
            yield Batch(self._validation.tokens[rows], self._validation.targets[rows])

    def quality(self, loss: float, accuracy: float) -> float:
        """Share of queries answered with the right value, 0 to 1."""
        return accuracy

    def _batch(self, draws: Draws, batch_size: int) -> Batch:
        return recall_batch(
            draws,
            batch_size,
            num_tokens=self.num_tokens,
            num_pairs=self._settings.num_pairs,
            vocab_size=self.vocab_size,
            gap_power=self._settings.gap_power,
            random_filler=self._settings.random_filler,
        )

    def _hash(self) -> str:
        """The settings, and the sequences that they made, so that a changed generator shows."""
        digest = sha256(json.dumps(asdict(self._settings), sort_keys=True).encode())
        digest.update(self._validation.tokens.numpy().data)
        digest.update(self._validation.targets.numpy().data)
        return digest.hexdigest()


def recall_batch(
    draws: Draws,
    batch_size: int,
    *,
    num_tokens: int,
    num_pairs: int,
    vocab_size: int,
    gap_power: float = GAP_POWER,
    random_filler: bool = False,
) -> Batch:
    """A batch of MQAR sequences.

    A sequence starts with D different keys, each followed by its value (no value twice). Behind them every key comes
    once more as a query, at position 2 * D + 2 * gap; the target there is the key's value. The D gaps of a
    sequence are drawn without replacement from 0 to n / 2 - D - 1, gap g with weight (g + 1)**(a - 1); the first
    pair gets the first gap drawn. Everything else is filler without a target.

    Args:
        draws: where the randomness comes from.
        batch_size: sequences.
        num_tokens: sequence length n, even, at least 4 * num_pairs.
        num_pairs: pairs D.
        vocab_size: entries of the vocabulary, at least 2 * num_pairs + 2.
        gap_power: exponent a.
        random_filler: draw filler from the whole vocabulary instead of using token 0.

    Source: Arora et al. 2023 (Zoology), section 4 and appendix; the order of drawing as in the authors' code.
    """
    keys = 1 + draws.distinct(vocab_size // 2 - 1, num_pairs, batch_size)
    values = vocab_size // 2 + draws.distinct(vocab_size - vocab_size // 2, num_pairs, batch_size)
    gaps = draws.distinct_weighted(gap_weights(num_tokens, num_pairs, gap_power), num_pairs, batch_size)
    queries = 2 * num_pairs + 2 * gaps

    shape = (batch_size, num_tokens)
    tokens = draws.integers(vocab_size, *shape) if random_filler else np.zeros(shape, dtype=np.int64)
    targets = np.full(shape, IGNORED_TARGET, dtype=np.int64)
    tokens[:, 0 : 2 * num_pairs : 2] = keys
    tokens[:, 1 : 2 * num_pairs : 2] = values
    np.put_along_axis(tokens, queries, keys, axis=1)
    np.put_along_axis(targets, queries, values, axis=1)
    return Batch(torch.from_numpy(tokens), torch.from_numpy(targets))


def gap_weights(num_tokens: int, num_pairs: int, gap_power: float = GAP_POWER) -> NDArray[np.float64]:
    """Weight of every gap, summing to 1, shape (num_tokens / 2 - num_pairs,)."""
    rank = np.arange(1, num_tokens // 2 - num_pairs + 1, dtype=np.float64)
    weights: NDArray[np.float64] = rank ** (gap_power - 1)
    weights /= weights.sum()
    return weights
