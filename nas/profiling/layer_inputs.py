"""The tensors that the attention of a target's layers reads; layers of one width share them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nas.attention.segment_memory import Pair, most_memory
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import LowRank
from nas.results.profile import ProfileConditions

Heads = tuple[HeadPattern, ...]
"""The patterns of all heads of a layer."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerInputs:
    """What `nas.attention.attend` is called with.

    Args:
        tensors: q and k, shape (1, heads, tokens, d_key), and v, shape (1, heads, tokens, d_head).
        memory: keys and values of the previous segment, or None.
        projections: of keys and of values, shape (heads, rank, tokens), or None.
    """

    tensors: tuple[Tensor, Tensor, Tensor]
    memory: Pair | None
    projections: Pair | None

    @property
    def all(self) -> tuple[Tensor, ...]:
        """Every tensor."""
        return (*self.tensors, *(self.memory or ()), *(self.projections or ()))

    @property
    def num_bytes(self) -> int:
        """Bytes of all of them."""
        return sum(tensor.nbytes for tensor in self.all)


class InputMaker:
    """Makes inputs of random numbers; those that layers have in common are made once.

    Args:
        conditions: give the sizes and the type.
        device: where the tensors lie.
        d_key: width of queries and keys, in features (see `key_width`).
    """

    def __init__(self, conditions: ProfileConditions, device: torch.device, d_key: int) -> None:
        self._conditions, self._device = conditions, device
        self._made: dict[tuple[str, int, int], Tensor] = {}
        self._d_key = d_key

    def inputs(self, heads: Heads) -> LayerInputs:
        """The inputs of one layer."""
        n, d_head = self._conditions.num_tokens, self._conditions.d_head
        rows = most_memory(heads)
        ranks = [head.computed.rank for head in heads if isinstance(head.computed, LowRank)]
        memory = (self._make("old k", rows, self._d_key), self._make("old v", rows, d_head))
        projections = [self._make(name, max(ranks, default=0), n)[0] for name in ("project k", "project v")]
        return LayerInputs(
            (self._make("q", n, self._d_key), self._make("k", n, self._d_key), self._make("v", n, d_head)),
            memory if rows else None,
            (projections[0], projections[1]) if ranks else None,
        )

    def cached(self, rows: int, num_kv_heads: int, num_queries: int) -> tuple[Tensor, Tensor, Tensor]:
        """One query for each of some heads, and the cached keys and values of the KV heads that they share.

        Args:
            rows: of each cache.
            num_kv_heads: heads of keys and values.
            num_queries: query heads.

        Returns:
            shapes (1, num_queries, 1, d_key), (1, num_kv_heads, rows, d_key) and (1, num_kv_heads, rows, d_head).
        """
        return (
            self._random(num_queries, 1, self._d_key),
            self._random(num_kv_heads, rows, self._d_key),
            self._random(num_kv_heads, rows, self._conditions.d_head),
        )

    def _make(self, name: str, rows: int, width: int) -> Tensor:
        """Shape (1, heads, rows, width)."""
        key = (name, rows, width)
        if key not in self._made:
            self._made[key] = self._random(self._conditions.num_heads, rows, width)
        return self._made[key]

    def _random(self, num_heads: int, rows: int, width: int) -> Tensor:
        return torch.randn(
            (1, num_heads, rows, width),
            dtype=getattr(torch, self._conditions.dtype),
            device=self._device,
            requires_grad=self._conditions.phase == "train",
        )


def key_width(position: str, conditions: ProfileConditions) -> int:
    """Width of queries and keys, in features: some encodings of positions append to them.

    Args:
        position: of the pattern, one of `nas.patterns.model.POSITIONS`.
        conditions: give the widths.
    """
    return conditions.d_head + {"alibi": 2, "relative": conditions.d_model}.get(position, 0)
