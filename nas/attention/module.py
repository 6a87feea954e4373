"""Attention under a pattern, as a function and as a module."""

from collections.abc import Callable

from torch import Tensor, nn

from nas.attention.choice import choose_backend
from nas.attention.dense import dense_attention
from nas.attention.flex import flex_backend
from nas.attention.pieces import pieces_attention
from nas.errors import InputError, unknown
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern

Backend = Callable[[Tensor, Tensor, Tensor, tuple[HeadPattern, ...], float | None], Tensor]

BACKENDS: dict[str, Backend] = {
    "dense": dense_attention,
    "pieces": pieces_attention,
    "flex": flex_backend,
}
"""Every backend that can be forced; `auto` picks one of them."""


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: tuple[HeadPattern, ...],
    backend: str = "auto",
    scale: float | None = None,
) -> Tensor:
    """Attention with one pattern a head.

    Args:
        q: queries, shape (batch, heads, tokens, d_head).
        k: keys, same shape.
        v: values, same shape.
        heads: one pattern a head; K models of H heads each may come side by side as K * H heads.
        backend: one of BACKENDS, or "auto" (see `choose_backend`).
        scale: factor on the scores; None for 1 / sqrt(d_head).

    Returns:
        shape (batch, heads, tokens, d_head).

    Raises:
        InputError: shapes that do not fit together or with `heads`, or an unknown backend.
    """
    _check_backend(backend)
    _check_shapes(q, k, v, len(heads))
    chosen = choose_backend(heads, q) if backend == "auto" else backend
    return BACKENDS[chosen](q, k, v, heads, scale)


class SparseAttention(nn.Module):
    """The attention core of one layer: it holds no weights, so any pattern fits any trained model.

    Args:
        pattern: what each head attends to.
        backend: one of BACKENDS, or "auto".
        scale: factor on the scores; None for 1 / sqrt(d_head).

    Raises:
        InputError: an unknown backend, or no pattern of one layer.
    """

    def __init__(self, pattern: LayerPattern, backend: str = "auto", scale: float | None = None) -> None:
        super().__init__()
        if not isinstance(pattern, LayerPattern):
            allowed = "must be the pattern of one layer"
            raise InputError("pattern", allowed, type(pattern).__name__, "Of a ModelPattern, take layers[0].")
        _check_backend(backend)
        self.pattern, self.backend, self.scale = pattern, backend, scale
        self._heads = pattern.head_patterns()

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend: q, k, v and the result have shape (batch, heads, tokens, d_head); raises as `attend` does."""
        return attend(q, k, v, self._heads, self.backend, self.scale)

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"num_heads={len(self._heads)}, backend={self.backend!r}"


def _check_backend(backend: str) -> None:
    if backend not in ("auto", *BACKENDS):
        raise unknown("backend", str(backend), ["auto", *BACKENDS])


def _check_shapes(q: Tensor, k: Tensor, v: Tensor, num_heads: int) -> None:
    for name, tensor in (("q", q), ("k", k), ("v", v)):
        if not isinstance(tensor, Tensor):
            raise InputError(name, "must be a torch.Tensor", type(tensor).__name__)
    if q.dim() != 4 or 0 in q.shape:
        raise InputError("q", "must have shape (batch, heads, tokens, d_head), each 1 or more", tuple(q.shape))
    if q.shape[1] != num_heads:
        raise InputError("q", f"must have {num_heads} heads, as the pattern has", q.shape[1])
    for name, other in (("k", k), ("v", v)):
        if other.shape != q.shape:
            raise InputError(name, f"must have the shape of q, {tuple(q.shape)}", tuple(other.shape))
        if (other.dtype, other.device) != (q.dtype, q.device):
            raise InputError(
                name, f"must have the type and device of q, {q.dtype} on {q.device}", f"{other.dtype} on {other.device}"
            )
    if not q.is_floating_point():
        raise InputError("q", "must hold floating-point numbers", q.dtype)
