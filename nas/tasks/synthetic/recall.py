"""The recall task: multi-query associative recall (MQAR)."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nas.errors import InputError
from nas.ranges import check_range
from nas.tasks.generated import GeneratedSettings, GeneratedTask
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, MOST_TOKENS, Batch, Metric, Task

GAP_POWER = 0.01
"""Exponent a of the gap law p(i) ~ i**(a - 1) with which Zoology and Based train and test."""


@dataclass(kw_only=True, slots=True)
class RecallSettings(GeneratedSettings):
    """How much is to be recalled, and over what distance.

    Args:
        name: the task's name, `recall`.
        num_tokens: sequence length n, in tokens, even, at least 4 * num_pairs.
        vocab_size: entries V of the vocabulary; keys are drawn from 1 to V // 2 - 1, values from V // 2 to V - 1.
        num_pairs: key-value pairs D of a sequence; each is asked for once.
        gap_power: exponent a, above 0: small values put most queries close behind the pairs, 1 spreads them evenly.
        random_filler: fill the places where nothing is asked with any token instead of token 0. Filler may
            then repeat a key, with a wrong value behind it.
    """

    name: str = "recall"
    num_tokens: int = 128
    vocab_size: int = 256
    num_pairs: int = 8
    gap_power: float = GAP_POWER
    random_filler: bool = False

    def __post_init__(self) -> None:
        GeneratedSettings.__post_init__(self)
        check_range("task.num_pairs", self.num_pairs, least=1)
        if self.num_tokens % 2 or self.num_tokens < 4 * self.num_pairs:
            allowed = f"must be even and at least {4 * self.num_pairs} (4 * num_pairs)"
            raise InputError("task.num_tokens", allowed, self.num_tokens, "Raise it or lower task.num_pairs.")
        for name in ("num_tokens", "vocab_size"):
            check_range(f"task.{name}", getattr(self, name), most=MOST_TOKENS)
        if self.vocab_size < 2 * self.num_pairs + 2:
            allowed = f"must be at least {2 * self.num_pairs + 2} (2 * num_pairs + 2)"
            raise InputError("task.vocab_size", allowed, self.vocab_size, "Raise it or lower task.num_pairs.")
        check_range("task.gap_power", self.gap_power, above=0, below=math.inf)


class RecallTask(GeneratedTask[RecallSettings]):
    """MQAR, scored by the share of queries answered; passes `nas.tasks.task.Task`."""

    name = "recall"
    metric = Metric("accuracy", "share of queries", "maximize")

    def __init__(self, settings: RecallSettings) -> None:
        self.num_tokens = settings.num_tokens
        self.vocab_size = settings.vocab_size
        self.chance = 1 / (settings.vocab_size - settings.vocab_size // 2)
        super().__init__(settings)

    def longer(self, times: int) -> Task:
        """As many pairs, and longer gaps behind them, by the same law."""
        return RecallTask(replace(self._settings, num_tokens=times * self.num_tokens))

    def _draw(self, rng: Rng, batch_size: int) -> Batch:
        return recall_batch(
            rng,
            batch_size,
            num_tokens=self.num_tokens,
            num_pairs=self._settings.num_pairs,
            vocab_size=self.vocab_size,
            gap_power=self._settings.gap_power,
            random_filler=self._settings.random_filler,
        )


def recall_batch(
    rng: Rng,
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
        rng: where the randomness comes from.
        batch_size: sequences.
        num_tokens: sequence length n, even, at least 4 * num_pairs.
        num_pairs: pairs D.
        vocab_size: entries of the vocabulary, at least 2 * num_pairs + 2.
        gap_power: exponent a.
        random_filler: draw filler from the whole vocabulary instead of using token 0.

    Source: Arora et al. 2023 (Zoology), section 4 and appendix; the order of drawing as in the authors' code.
    """
    keys = 1 + rng.distinct(vocab_size // 2 - 1, num_pairs, batch_size)
    values = vocab_size // 2 + rng.distinct(vocab_size - vocab_size // 2, num_pairs, batch_size)
    gaps = rng.distinct_weighted(gap_weights(num_tokens, num_pairs, gap_power), num_pairs, batch_size)
    queries = 2 * num_pairs + 2 * gaps

    shape = (batch_size, num_tokens)
    tokens = rng.integers(vocab_size, *shape) if random_filler else np.zeros(shape, dtype=np.int64)
    targets = np.full(shape, IGNORED_TARGET, dtype=np.int64)
    tokens[:, 0 : 2 * num_pairs : 2] = keys
    tokens[:, 1 : 2 * num_pairs : 2] = values
    np.put_along_axis(tokens, queries, keys, axis=1)
    np.put_along_axis(targets, queries, values, axis=1)
    return Batch(tokens, targets)


def gap_weights(num_tokens: int, num_pairs: int, gap_power: float = GAP_POWER) -> NDArray[np.float64]:
    """Weight of every gap, summing to 1, shape (num_tokens / 2 - num_pairs,)."""
    rank = np.arange(1, num_tokens // 2 - num_pairs + 1, dtype=np.float64)
    weights: NDArray[np.float64] = rank ** (gap_power - 1)
    weights /= weights.sum()
    return weights
