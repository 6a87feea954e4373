"""The compression task: reproduce a whole sequence from its last hidden state."""

from dataclasses import dataclass

import numpy as np

from nas.ranges import check_range
from nas.tasks.generated import GeneratedSettings, GeneratedTask
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, MOST_TOKENS, Batch, Readout


@dataclass(kw_only=True, slots=True)
class CompressionSettings(GeneratedSettings):
    """How much is to be compressed.

    Args:
        name: the task's name, `compression`.
        num_tokens: sequence length n, in tokens; all but the last are to be reproduced.
        vocab_size: entries V of the vocabulary: tokens to keep from 0 to V - 2, and the token V - 1 that gathers them.
    """

    name: str = "compression"
    num_tokens: int = 32
    vocab_size: int = 16

    def __post_init__(self) -> None:
        GeneratedSettings.__post_init__(self)
        check_range("task.num_tokens", self.num_tokens, least=2, most=MOST_TOKENS)
        check_range("task.vocab_size", self.vocab_size, least=3, most=MOST_TOKENS)


class CompressionTask(GeneratedTask[CompressionSettings]):
    """Compression, scored by the share of tokens reproduced; passes `nas.tasks.task.Task`."""

    name = "compression"
    readout: Readout = "last"

    def __init__(self, settings: CompressionSettings) -> None:
        self.num_tokens = settings.num_tokens
        self.vocab_size = settings.vocab_size
        self.chance = 1 / (settings.vocab_size - 1)
        super().__init__(settings)

    def longer(self, times: int) -> None:
        """None: the readout has learned no places beyond the end."""

    def _draw(self, rng: Rng, batch_size: int) -> Batch:
        return compression_batch(rng, batch_size, self._settings)


def compression_batch(rng: Rng, batch_size: int, settings: CompressionSettings) -> Batch:
    """A batch of random sequences that end in the gathering token; the target of every other place is its own token.

    Source: compression of MAD (Poli et al. 2024). The authors also score the gathering token, which is always
    the same.
    """
    tokens = np.full((batch_size, settings.num_tokens), settings.vocab_size - 1, dtype=np.int64)
    tokens[:, :-1] = rng.integers(settings.vocab_size - 1, batch_size, settings.num_tokens - 1)
    targets = tokens.copy()
    targets[:, -1] = IGNORED_TARGET
    return Batch(tokens, targets)
