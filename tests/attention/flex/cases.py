"""Heads of every kind, on a sequence and on a grid, and their dense masks."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from nas.attention.flex.layout import Layout
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Neighborhood, Random, Stride, Stripe, Tile, Window
from tests.attention.cases import Heads, head_tuples

CPU = torch.device("cpu")

HEADS: Heads = (
    HeadPattern((Window(100), Global(4))),
    HeadPattern((Window(9), Stride(64))),
    HeadPattern((Block(50, 7), Columns(50, 2))),
    HeadPattern((Window(9, dilation=3), Random(32, 2, seed=1)), layer=1, head=3),
    HeadPattern((Full(),)),
)
ON_A_GRID: Heads = (
    HeadPattern((Stripe("row", 3),), grid=(16, 16)),
    HeadPattern((Stripe("column", 2), Global(1)), grid=(16, 16), memory_tokens=20),
    HeadPattern((Tile(5, 4, 2, 1), Random(32, 2, seed=1)), grid=(16, 16), memory_tokens=7),
    HeadPattern((Neighborhood(5, 3),), grid=(16, 16)),
)


def on_gpu(width: int = 64, dtype: torch.dtype = torch.bfloat16) -> Any:
    """What is looked at before anything is computed, of a tensor on a GPU."""
    return SimpleNamespace(device=torch.device("cuda"), shape=torch.Size((1, 2, 512, width)), dtype=dtype)


def mask_tuples(most_heads: int = 3, most_tokens: int = 30) -> st.SearchStrategy[tuple[Heads, int]]:
    """As `head_tuples`, masks only."""
    cases = head_tuples(most_heads, most_tokens)
    return cases.map(lambda case: (tuple(head for head in case[0] if head.computed is None), case[1])).filter(
        lambda case: bool(case[0])
    )


def dense_mask(heads: Heads, layout: Layout) -> Tensor:
    """What the heads see of the padded keys, bool, shape (padded heads, queries, keys)."""
    mask = np.zeros((layout.num_heads, layout.num_tokens, layout.num_keys), dtype=np.bool_)
    for number, head in enumerate(heads):
        mask[number, :, layout.memory_rows - head.memory_tokens : layout.memory_rows] = True
        mask[number, :, layout.memory_rows :] = head.mask(layout.num_tokens)
    return torch.from_numpy(mask)
