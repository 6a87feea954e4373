"""The mask as FlexAttention takes it: one function for all patterns, and lists of blocks."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask

from nas.attention.flex.layout import BLOCK, Layout
from nas.attention.flex.tables import MaskTables, mask_tables
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.blocks.visible import visible_blocks
from nas.patterns.head import HeadPattern

MaskMod = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def mask_mod(tables: MaskTables) -> MaskMod:
    """`mask_mod(b, h, q_idx, kv_idx)`, true where attention is allowed.

    All functions that this returns for tables of equal sizes share one kernel: they differ in captured tensors alone.
    """
    keys, last, bands, steps, boxes = tables.keys, tables.last, tables.bands, tables.steps, tables.boxes

    def visible(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
        seen = keys[h, kv_idx] != 0
        for start, stop in bands:
            seen = seen | ((start[h, q_idx] <= kv_idx) & (kv_idx < stop[h, q_idx]))
        for start, stop, own, other in steps:
            inside = (start[h, q_idx] <= kv_idx) & (kv_idx < stop[h, q_idx])
            seen = seen | (inside & (own[h, q_idx] == other[h, kv_idx]))
        for top, bottom, left, right, row, column in boxes:
            in_rows = (top[h, q_idx] <= row[h, kv_idx]) & (row[h, kv_idx] < bottom[h, q_idx])
            in_columns = (left[h, q_idx] <= column[h, kv_idx]) & (column[h, kv_idx] < right[h, q_idx])
            seen = seen | (in_rows & in_columns)
        return seen & (kv_idx <= last[h, q_idx])

    return visible


@lru_cache(maxsize=128)  # one for each layer of a deep model; made in milliseconds to seconds, used in every step
def block_mask(heads: tuple[HeadPattern, ...], layout: Layout, device: torch.device) -> BlockMask:
    """The blocks that the kernel visits for some heads, and the function that it calls in those with a hidden pair.

    Args:
        heads: one pattern per head, of masks.
        layout: what they are padded to.
        device: where the mask is used.
    """
    partial, full = (torch.from_numpy(flags).to(device) for flags in _blocks(heads, layout))
    return BlockMask.from_kv_blocks(
        *_in_order(partial),
        *_in_order(full),
        BLOCK_SIZE=BLOCK,
        mask_mod=mask_mod(mask_tables(heads, layout, device)),
        seq_lengths=(layout.num_tokens, layout.num_keys),
    )


def _blocks(heads: tuple[HeadPattern, ...], layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Partial and full blocks, each of shape (1, heads, rows, columns); a block is at most one of them.

    A shorter last block counts as partial, as it does in torch: the kernel computes all of it.
    """
    tiling = Tiling(layout.num_tokens, BLOCK, BLOCK, layout.memory_rows)
    partial = np.zeros((1, layout.num_heads, tiling.num_rows, tiling.num_columns), dtype=np.bool_)
    full = np.zeros_like(partial)
    found = {head: visible_blocks(head, tiling) for head in dict.fromkeys(heads)}
    whole_rows, whole_columns = layout.num_tokens // BLOCK, layout.num_keys // BLOCK
    for number, head in enumerate(heads):
        full[0, number, :whole_rows, :whole_columns] = found[head].full[:whole_rows, :whole_columns]
        partial[0, number] = found[head].nonempty & ~full[0, number]
    return partial, full


def _in_order(flags: Tensor) -> tuple[Tensor, Tensor]:
    """How many blocks of each row are set, and the numbers of all blocks, set ones first, both parts ascending.

    The lists keep their full width: torch takes the number of columns from it when it makes the lists of the backward
    pass. int32 and contiguous, as its kernels read them.
    """
    numbers = torch.argsort(flags.to(torch.uint8), dim=-1, descending=True, stable=True)
    return flags.sum(-1, dtype=torch.int32), numbers.to(torch.int32).contiguous()
