"""The code of the FlexAttention module around its masks."""

from nas.export.generated.blocks_template import BLOCKS

IMPORTS = """from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, flex_attention
from torch.nn.functional import pad, scaled_dot_product_attention"""

HOW_TO = """How to use it, with q, k, v of shape (batch, heads, tokens, d_head):

    import {module} as pattern

    out = pattern.attention(layer, q, k, v)

or, where the model calls FlexAttention itself:

    out = flex_attention(q, k, v, block_mask=pattern.block_mask(layer, q.shape[-2], q.device))"""

TAIL = (
    '''

MASK_HEADS = ({mask_heads})  # heads of a block mask; 1 where all heads of the layer attend alike


def block_mask(layer: int, num_tokens: int, device: Device = "cpu", block_size: int = 128) -> BlockMask:
    """The block mask of a layer; cached, because building one costs more than the attention itself."""
    index = _checked(layer)
    return _block_mask(LAYERS[index], MASK_HEADS[index], num_tokens, torch.device(device), block_size)


def attention(layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float | None = None) -> Tensor:
    """Attention of one layer, forward and backward.

    Args:
        layer: from 0 to NUM_LAYERS - 1.
        q: (batch, NUM_HEADS, tokens, d_head).
        k: (batch, key-value heads, tokens, d_head); NUM_HEADS is a multiple of their number.
        v: as k.
        scale: factor of the scores; d_head ** -0.5 if None.

    Returns:
        (batch, NUM_HEADS, tokens, d_head).
    """
    num_tokens = q.shape[-2]
    if q.shape[1] != NUM_HEADS or k.shape[-2] != num_tokens:
        raise ValueError(
            f"q, k: must have {{NUM_HEADS}} query heads and equal lengths, "
            f"got {{tuple(q.shape)}} and {{tuple(k.shape)}}."
        )
    grouped = k.shape[1] != NUM_HEADS
    if q.device.type == "cuda":
        blocks = block_mask(layer, num_tokens, q.device)
        return _compiled_flex_attention()(q, k, v, block_mask=blocks, scale=scale, enable_gqa=grouped)
    # FlexAttention has no backward on a CPU: use dense attention with the same mask.
    dense = mask(layer, num_tokens, q.device)
    return scaled_dot_product_attention(q, k, v, attn_mask=dense, scale=scale, enable_gqa=grouped)


@lru_cache(maxsize=64)
def _block_mask(
    build: Callable[[int | None, Device], MaskMod], heads: int, num_tokens: int, device: torch.device, block_size: int
) -> BlockMask:
    return _blocks(build(num_tokens, device), 1, heads, num_tokens, num_tokens, device, block_size)
'''
    + BLOCKS
)
