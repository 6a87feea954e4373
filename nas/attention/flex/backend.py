"""The backend `flex`: compiled on a GPU; on a CPU only the forward pass, uncompiled, enough to compare masks."""

import warnings

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, flex_attention

from nas.attention.flex.compiler import compiled_flex_attention, missing_compiler
from nas.attention.flex.layout import Layout
from nas.attention.flex.mask import block_mask
from nas.attention.segment_memory import Pair, most_memory
from nas.errors import InputError
from nas.patterns.head import HeadPattern


def flex_backend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: tuple[HeadPattern, ...],
    scale: float | None = None,
    memory: Pair | None = None,
) -> Tensor:
    """Attention by FlexAttention, in blocks of 128 x 128: empty blocks are skipped, and full ones are not masked.

    One kernel serves all patterns: it is compiled for the batch, the types and widths, and the `Layout`.

    Args:
        q: queries, shape (batch, heads, tokens, d_key).
        k: keys, same shape.
        v: values, shape (batch, heads, tokens, d_value).
        heads: one pattern per head, of masks.
        scale: factor on the scores; None for 1 / sqrt(d_key).
        memory: keys and values of the previous segment; see `nas.attention.module.attend`.

    Returns:
        shape (batch, heads, tokens, d_value).

    Raises:
        InputError: a gradient is needed and the device is not a GPU, or it is one and there is no compiler for it.
    """
    on_gpu = q.device.type == "cuda"
    if on_gpu and (missing := missing_compiler()):
        raise InputError("backend", "must not be flex where it cannot be compiled", missing, "Use auto, or install it.")
    if not on_gpu and torch.is_grad_enabled() and any(x.requires_grad for x in (q, k, v)):
        raise InputError(
            "backend", "flex has a backward pass on a GPU only", f"a gradient on {q.device}", "Use pieces or auto."
        )
    layout = Layout.of(heads, q.shape[-2])
    mask = block_mask(heads, layout, q.device)
    kernel = compiled_flex_attention() if on_gpu else _uncompiled
    out: Tensor = kernel(*layout.pad(q, k, v, memory, most_memory(heads)), block_mask=mask, scale=scale)
    return out[:, : len(heads)]


def _uncompiled(q: Tensor, k: Tensor, v: Tensor, *, block_mask: BlockMask, scale: float | None) -> Tensor:
    """`flex_attention` over all pairs."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="flex_attention called without torch.compile")
        out = flex_attention(q.detach(), k.detach(), v.detach(), block_mask=block_mask, scale=scale)
    assert isinstance(out, Tensor)
    return out
