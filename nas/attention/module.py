"""Attention under a pattern, as a function and as a module."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from nas.attention.checks import check_inputs
from nas.attention.choice import choose_backend
from nas.attention.dense import dense_attention
from nas.attention.flex import flex_backend
from nas.attention.head_groups import Heads, Members, by_kind
from nas.attention.low_rank import low_rank_attention
from nas.attention.pieces import pieces_attention
from nas.attention.segment_memory import Pair
from nas.errors import InputError, unknown
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern
from nas.patterns.primitives import LowRank, Select

Backend = Callable[[Tensor, Tensor, Tensor, tuple[HeadPattern, ...], float | None, Pair | None], Tensor]

BACKENDS: dict[str, Backend] = {
    "dense": dense_attention,
    "pieces": pieces_attention,
    "flex": flex_backend,
}
"""The backends by name; `auto` picks one of them."""


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: tuple[HeadPattern, ...],
    backend: str = "auto",
    scale: float | None = None,
    *,
    memory: Pair | None = None,
    projections: Pair | None = None,
) -> Tensor:
    """Attention with one pattern per head.

    Args:
        q: queries, shape (batch, heads, tokens, d_key).
        k: keys, same shape.
        v: values, shape (batch, heads, tokens, d_value).
        heads: one pattern per head; K models of H heads each may be concatenated to K * H heads.
        backend: one of BACKENDS, or "auto" (see `choose_backend`); it makes no difference to `low_rank` heads.
        scale: factor on the scores; None for 1 / sqrt(d_key).
        memory: keys and values of the previous segment, shapes (batch, heads, M, d_key) and (batch, heads, M, d_value);
            all queries of a head see its last `memory_tokens` rows. Required if a head has memory_tokens, else None.
        projections: for keys and for values, each of shape (heads, R, tokens); a `low_rank` head uses its first `rank`
            rows. Required if a head is `low_rank`, else None.

    Returns:
        shape (batch, heads, tokens, d_value).

    Raises:
        InputError: the tensors do not fit together or do not fit `heads`, or the backend is unknown.
    """
    _check_backend(backend)
    check_inputs(q, k, v, heads, memory, projections)

    def run(members: Members, some: Heads) -> Tensor:
        queries, keys, values = q[:, members], k[:, members], v[:, members]
        if projections is not None and isinstance(some[0].computed, LowRank):
            rows = projections[0][members], projections[1][members]
            return low_rank_attention(queries, keys, values, some, rows, scale)
        seen = None if memory is None else (memory[0][:, members], memory[1][:, members])
        return _backend(backend, some, q, v)(queries, keys, values, some, scale, seen)

    kinds = by_kind(heads)
    if len(kinds) == 1:
        return run(*kinds[0])
    out = torch.empty_like(v)  # token by token where values are, as the layer after it reads it
    for members, some in kinds:
        out[:, members] = run(members, some)
    return out


def _backend(name: str, heads: tuple[HeadPattern, ...], q: Tensor, v: Tensor) -> Backend:
    """The function that runs heads of one kind; `select` heads use pieces instead of flex's kernels."""
    chosen = choose_backend(heads, q, v) if name == "auto" else name
    selects = isinstance(heads[0].computed, Select)
    return BACKENDS["pieces" if selects and chosen == "flex" else chosen]


class SparseAttention(nn.Module):
    """The attention core of one layer: it has no weights, so any pattern fits any trained model.

    Args:
        pattern: what each head attends to.
        backend: one of BACKENDS, or "auto".
        scale: factor on the scores; None for 1 / sqrt(d_key).

    Raises:
        InputError: the backend is unknown, or `pattern` is not a LayerPattern.
    """

    def __init__(self, pattern: LayerPattern, backend: str = "auto", scale: float | None = None) -> None:
        super().__init__()
        if not isinstance(pattern, LayerPattern):
            allowed = "must be the pattern of one layer"
            raise InputError("pattern", allowed, type(pattern).__name__, "Of a ModelPattern, take layers[0].")
        _check_backend(backend)
        self.pattern, self.backend, self.scale = pattern, backend, scale
        self._heads = Heads(pattern.head_patterns())

    def forward(
        self, q: Tensor, k: Tensor, v: Tensor, *, memory: Pair | None = None, projections: Pair | None = None
    ) -> Tensor:
        """Attend; shapes and errors are those of `attend`."""
        return attend(q, k, v, self._heads, self.backend, self.scale, memory=memory, projections=projections)

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"num_heads={len(self._heads)}, backend={self.backend!r}"


def _check_backend(backend: str) -> None:
    if backend not in ("auto", *BACKENDS):
        raise unknown("backend", str(backend), ["auto", *BACKENDS])
