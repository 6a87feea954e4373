"""The copying task: pick the tokens out of the blanks, and repeat them in order (selective copying)."""

from dataclasses import dataclass, replace

import numpy as np

from nas.ranges import check_range
from nas.tasks.generated import GeneratedSettings, GeneratedTask
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, MOST_TOKENS, Batch, Task


@dataclass(kw_only=True, slots=True)
class CopyingSettings(GeneratedSettings):
    """How much is to be copied, and out of how many blanks.

    Args:
        name: the task's name, `copying`.
        num_tokens: sequence length n, in tokens, at least 2 * num_copied + 1.
        vocab_size: entries V of the vocabulary: tokens to copy from 0 to V - 3, the blank V - 2, and the sign to
            copy V - 1.
        num_copied: tokens M to copy, with repeats.
    """

    name: str = "copying"
    num_tokens: int = 128
    vocab_size: int = 16
    num_copied: int = 16

    def __post_init__(self) -> None:
        GeneratedSettings.__post_init__(self)
        check_range("task.num_copied", self.num_copied, least=1)
        check_range(
            "task.num_tokens",
            self.num_tokens,
            least=2 * self.num_copied + 1,
            most=MOST_TOKENS,
            remedy="Or lower task.num_copied.",
        )
        check_range("task.vocab_size", self.vocab_size, least=4, most=MOST_TOKENS)


class CopyingTask(GeneratedTask[CopyingSettings]):
    """Selective copying, scored by the share of tokens copied; passes `nas.tasks.task.Task`."""

    name = "copying"

    def __init__(self, settings: CopyingSettings) -> None:
        self.num_tokens = settings.num_tokens
        self.vocab_size = settings.vocab_size
        self.chance = 1 / (settings.vocab_size - 2)
        super().__init__(settings)

    def longer(self, times: int) -> Task:
        """As many tokens to copy, among more blanks."""
        return CopyingTask(replace(self._settings, num_tokens=times * self.num_tokens))

    def _draw(self, rng: Rng, batch_size: int) -> Batch:
        return copying_batch(rng, batch_size, self._settings)


def copying_batch(rng: Rng, batch_size: int, settings: CopyingSettings) -> Batch:
    """A batch of sequences to copy from.

    The first n - M - 1 places hold the M tokens in order, at places drawn evenly, and blanks elsewhere. Then comes the
    sign to copy, then M blanks; the targets there are the tokens in order.

    Source: selective copying of MAD (Poli et al. 2024). The authors' code draws how many blanks precede each token,
    and always puts the last token next to the sign; here all places are equally likely.
    """
    num_places = settings.num_tokens - settings.num_copied - 1
    copied = rng.integers(settings.vocab_size - 2, batch_size, settings.num_copied)
    places = np.sort(rng.distinct(num_places, settings.num_copied, batch_size), axis=1)

    tokens = np.full((batch_size, settings.num_tokens), settings.vocab_size - 2, dtype=np.int64)
    targets = np.full_like(tokens, IGNORED_TARGET)
    np.put_along_axis(tokens, places, copied, axis=1)
    tokens[:, num_places] = settings.vocab_size - 1
    targets[:, num_places + 1 :] = copied
    return Batch(tokens, targets)
