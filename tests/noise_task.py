"""A task of any kind: every token's target is the next entry of the vocabulary."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from nas.tasks.task import NO_PARTS, Batch, Ids, Metric, Readout


@dataclass
class NoiseTask:
    """Drawn tokens; with a context the drawn segment before.

    Args:
        fixed: there is no longer form.
    """

    num_tokens: int = 16
    vocab_size: int = 11
    causal: bool = True
    grid: tuple[int, int] | None = None
    readout: Readout = "each"
    has_context: bool = False
    fixed: bool = False
    corpus_fingerprint: str | None = None

    name = "noise"
    metric = Metric("loss", "nats per token", "minimize")
    fingerprint = "00"
    chance = 2.4
    parts = NO_PARTS

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        return self._draw(batch_size, 1000 * seed + step + 1)

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        yield from self._draw(8, 0).parts(batch_size)

    def quality(self, loss: float, accuracy: float) -> float:
        return loss

    def longer(self, times: int) -> "NoiseTask | None":
        grid = None if self.grid is None else (times * self.grid[0], self.grid[1])
        return None if self.fixed else replace(self, num_tokens=times * self.num_tokens, grid=grid)

    def _draw(self, batch_size: int, seed: int) -> Batch:
        generator = torch.Generator().manual_seed(seed)
        context, tokens = torch.randint(self.vocab_size, (2, batch_size, self.num_tokens), generator=generator)
        tokens, context = tokens.numpy(), context.numpy()
        return Batch(tokens, self._targets(tokens), context if self.has_context else None)

    def _targets(self, tokens: Ids) -> Ids:
        return (tokens[:, 0] if self.readout == "mean" else tokens + 1) % self.vocab_size
