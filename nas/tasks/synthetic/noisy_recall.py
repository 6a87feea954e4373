"""The noisy_recall task: find values by their keys among noise."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nas.errors import InputError
from nas.ranges import check_range
from nas.tasks.generated import GeneratedSettings, GeneratedTask
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, MOST_TOKENS, Batch, Task


@dataclass(kw_only=True, slots=True)
class NoisyRecallSettings(GeneratedSettings):
    """How many keys, and how much noise.

    Args:
        name: the task's name, `noisy_recall`.
        num_tokens: sequence length n, in tokens, even.
        vocab_size: entries V of the vocabulary: keys first, as many values (one more if it does not come out even)
            behind them, noise last.
        num_noise_tokens: entries of the vocabulary that are noise.
        noise_share: chance that a pair of places holds noise, from 0 to below 1.
    """

    name: str = "noisy_recall"
    num_tokens: int = 128
    vocab_size: int = 32
    num_noise_tokens: int = 16
    noise_share: float = 0.2

    def __post_init__(self) -> None:
        GeneratedSettings.__post_init__(self)
        check_range("task.num_tokens", self.num_tokens, least=4, most=MOST_TOKENS)
        if self.num_tokens % 2:
            raise InputError("task.num_tokens", "must be even", self.num_tokens)
        check_range("task.num_noise_tokens", self.num_noise_tokens, least=1, most=MOST_TOKENS)
        check_range("task.vocab_size", self.vocab_size, least=self.num_noise_tokens + 4, most=MOST_TOKENS)
        check_range("task.noise_share", self.noise_share, least=0, below=1)

    @property
    def num_keys(self) -> int:
        """Entries of the vocabulary that are keys."""
        return (self.vocab_size - self.num_noise_tokens) // 2

    @property
    def num_values(self) -> int:
        """Entries of the vocabulary that are values."""
        return self.vocab_size - self.num_noise_tokens - self.num_keys


class NoisyRecallTask(GeneratedTask[NoisyRecallSettings]):
    """In-context recall among noise, scored by the share of keys answered; passes `nas.tasks.task.Task`."""

    name = "noisy_recall"

    def __init__(self, settings: NoisyRecallSettings) -> None:
        self.num_tokens = settings.num_tokens
        self.vocab_size = settings.vocab_size
        self.chance = 1 / settings.num_values
        super().__init__(settings)

    def longer(self, times: int) -> Task:
        """More pairs of the same keys, and as much noise between them."""
        return NoisyRecallTask(replace(self._settings, num_tokens=times * self.num_tokens))

    def _draw(self, rng: Rng, batch_size: int) -> Batch:
        return noisy_recall_batch(rng, batch_size, self._settings)


def noisy_recall_batch(rng: Rng, batch_size: int, settings: NoisyRecallSettings) -> Batch:
    """A batch of sequences of key-value pairs, some replaced by two tokens of noise.

    Keys are drawn with repeats; in one sequence a key always has the same value, drawn for each key by itself, so
    two keys may share one. At every key that stood in the sequence before, the target is its value, the token that
    comes next. The first pair is never noise, and the last repeats an earlier key.

    Source: noisy in-context recall of MAD (Poli et al. 2024), in the form that asks at every repeat.
    """
    num_pairs = settings.num_tokens // 2
    rows = np.arange(batch_size)[:, None]
    keys = rng.integers(settings.num_keys, batch_size, num_pairs)
    values_of = settings.num_keys + rng.integers(settings.num_values, batch_size, settings.num_keys)
    noise = settings.vocab_size - 1 - rng.integers(settings.num_noise_tokens, batch_size, num_pairs, 2)
    is_noise = rng.uniform(batch_size, num_pairs) < settings.noise_share
    is_noise[:, [0, -1]] = False
    keys[:, -1] = _one_shown(rng.uniform(batch_size, num_pairs - 1), keys, is_noise)

    pairs = np.stack([keys, values_of[rows, keys]], axis=2)
    tokens = np.where(is_noise[:, :, None], noise, pairs)
    targets = np.full_like(tokens, IGNORED_TARGET)
    targets[:, :, 0] = np.where(_is_repeat(keys, ~is_noise), pairs[:, :, 1], IGNORED_TARGET)
    shape = (batch_size, settings.num_tokens)
    return Batch(tokens.reshape(shape), targets.reshape(shape))


def _one_shown(luck: NDArray[np.float64], keys: NDArray[np.int64], is_noise: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The key of one earlier pair of each row, each pair that is no noise equally likely, shape (batch,)."""
    pair = np.where(is_noise[:, :-1], 0, luck).argmax(axis=1)
    return np.take_along_axis(keys, pair[:, None], axis=1)[:, 0]


def _is_repeat(keys: NDArray[np.int64], counts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a key counts and has counted before in its row, shape of the keys."""
    rows = np.arange(len(keys))[:, None]
    ids = (rows * (keys.max() + 1) + keys)[counts]
    repeat = np.ones(len(ids), dtype=np.bool_)
    repeat[np.unique(ids, return_index=True)[1]] = False
    found = np.zeros(keys.shape, dtype=np.bool_)
    found[counts] = repeat
    return found
