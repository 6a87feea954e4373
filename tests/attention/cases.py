"""Heads of every kind with the tensors they need, and what they should compute, in plain loops."""

from collections.abc import Sequence

import torch
from hypothesis import strategies as st
from torch import Tensor

from nas.attention import attend
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, LowRank, Select, Window
from tests.strategies import GRIDS, computed, unions

Heads = tuple[HeadPattern, ...]

WITH_MEMORY: Heads = (
    HeadPattern((Window(2),), memory_tokens=3),
    HeadPattern((Full(),)),
    HeadPattern((Select(4, 1),), memory_tokens=6),
)
PROJECTED: Heads = (
    HeadPattern((LowRank(3),), False),
    HeadPattern((Full(),), False),
    HeadPattern((LowRank(5),), False),
)


@st.composite
def head_tuples(draw: st.DrawFn, most_heads: int = 3, most_tokens: int = 30) -> tuple[Heads, int]:
    """Heads of one causality side by side, masks and computed ones, with and without memory, and a length that fits."""
    causal, grid = draw(st.booleans()), draw(st.none() | GRIDS)
    attend = unions(causal, grid is not None) | st.tuples(computed(causal))
    memory = st.sampled_from([0, 0, 1, 5]) if causal else st.just(0)
    head = st.builds(HeadPattern, attend, st.just(causal), grid=st.just(grid), memory_tokens=memory)
    heads = draw(st.lists(head, min_size=1, max_size=most_heads))
    return tuple(heads), grid[0] * grid[1] if grid else draw(st.integers(1, most_tokens))


class Inputs:
    """q, k, v, what else the heads need, and a gradient of the output; d_key 4, d_value 3, batch 2."""

    def __init__(self, heads: Heads, num_tokens: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()

        self.heads, sizes = heads, (2, len(heads))
        self.q, self.k, self.v = (draw(*sizes, num_tokens, width) for width in (4, 4, 3))
        self.upstream = draw(*sizes, num_tokens, 3).detach()
        rows = max(head.memory_tokens for head in heads)
        self.memory = (draw(*sizes, rows + 2, 4), draw(*sizes, rows + 2, 3)) if rows else None
        ranks = [head.computed.rank for head in heads if isinstance(head.computed, LowRank)]
        shape = (len(heads), max(ranks, default=0) + 1, num_tokens)
        self.projections = (draw(*shape), draw(*shape)) if ranks else None

    @property
    def leaves(self) -> list[Tensor]:
        return [self.q, self.k, self.v, *(self.memory or ()), *(self.projections or ())]

    def output(self, backend: str) -> Tensor:
        return attend(self.q, self.k, self.v, self.heads, backend, memory=self.memory, projections=self.projections)

    def output_and_gradients(self, backend: str, upstream: Tensor | None = None) -> list[Tensor]:
        out = self.output(backend)
        return [out.detach(), *torch.autograd.grad(out, self.leaves, self.upstream if upstream is None else upstream)]

    def expected(self) -> Tensor:
        """The plain definition of each head, in loops over sequences and queries."""
        out = torch.zeros_like(self.upstream)
        for entry in range(len(self.q)):
            for number, head in enumerate(self.heads):
                q, k, v = (x.detach()[entry, number] for x in (self.q, self.k, self.v))
                for query in range(len(q)):
                    keys, values = self._read(head, entry, number, query, q, k, v)
                    weights = (keys @ q[query] * q.shape[1] ** -0.5).softmax(0)
                    out[entry, number, query] = weights @ values
        return out

    def _read(
        self, head: HeadPattern, entry: int, number: int, query: int, q: Tensor, k: Tensor, v: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The keys and values that one query reads."""
        if isinstance(head.computed, LowRank):
            assert self.projections is not None
            to_k, to_v = (projection.detach()[number, : head.computed.rank] for projection in self.projections)
            return to_k @ k, to_v @ v
        if isinstance(head.computed, Select):
            seen = selected_keys(head.computed, query, q[query], k)
        else:
            seen = [key for key in range(len(k)) if head.allows(query, key, len(k))]
        keys, values = [k[seen]], [v[seen]]
        if self.memory is not None and head.memory_tokens:
            keys.append(self.memory[0].detach()[entry, number, -head.memory_tokens :])
            values.append(self.memory[1].detach()[entry, number, -head.memory_tokens :])
        return torch.cat(keys), torch.cat(values)


def selected_keys(select: Select, query: int, features: Tensor, k: Tensor) -> list[int]:
    """The keys of a query's own block up to itself, and of the earlier blocks with the best mean keys."""
    own = query // select.block
    scores = [features @ k[block * select.block : (block + 1) * select.block].mean(0) for block in range(own)]
    best = sorted(range(own), key=lambda block: (-scores[block].item(), block))[: select.blocks]
    return sorted(key for key in range(query + 1) if key // select.block in (*best, own))


def largest_difference(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    return max((one.double() - two.double()).abs().max().item() for one, two in zip(ours, theirs, strict=True))
