"""The tensors of heads that share a plan, one sequence per row."""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from nas.attention.head_groups import Members


@dataclass(frozen=True, slots=True, eq=False)
class Sequences:
    """The inputs of both passes; each head of each batch entry is a sequence.

    Args:
        q: queries, shape (sequences, tokens, d_key).
        k: keys, same shape.
        v: values, shape (sequences, tokens, d_value).
        memory_keys: rows of the previous segment that all queries see, shape (sequences, rows, d_key); 0 rows for none.
        memory_values: shape (sequences, rows, d_value).
        chosen: from `choose_blocks`, shape (sequences, tokens, choices); 0 choices if nothing is chosen by content.
        scale: factor on the scores.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    memory_keys: Tensor
    memory_values: Tensor
    chosen: Tensor
    scale: float

    def part(self, rows: slice) -> "Sequences":
        """Some of the sequences."""
        names = (field.name for field in fields(self) if field.name != "scale")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def scaled(self) -> "Sequences":
        """The same with the scale in the queries."""
        return replace(self, q=self.q * self.scale, scale=1.0)


def as_sequences(x: Tensor, members: Members, dtype: torch.dtype) -> Tensor:
    """Some heads of (batch, heads, tokens, features) as (batch * heads, tokens, features)."""
    return x[:, members].flatten(0, 1).to(dtype)


def by_batch(x: Tensor, batch: int) -> Tensor:
    """The inverse of `as_sequences`."""
    return x.view(batch, len(x) // batch, *x.shape[1:])
