"""Tables have the same sizes for all patterns of a layout, up to the number of shapes in a union."""

import pytest
import torch

from nas.attention.flex.layout import Layout
from nas.attention.flex.tables import MaskTables, mask_tables
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Global, Random, Stride, Window
from tests.attention.cases import Heads
from tests.attention.flex.cases import CPU, HEADS, ON_A_GRID


def sizes(tables: MaskTables) -> list[list[tuple[int, ...]]]:
    groups = (tables.bands, tables.steps, tables.boxes)
    return [[tuple(table.shape) for table in slot] for slots in groups for slot in slots]


@pytest.mark.parametrize("heads", [HEADS, ON_A_GRID], ids=["sequence", "grid"])
def test_tables_are_int32_and_contiguous(heads: Heads) -> None:
    layout = Layout.of(heads, 256)
    tables = mask_tables(heads, layout, CPU)
    every = [tables.keys, tables.last]
    every += [table for group in (tables.bands, tables.steps, tables.boxes) for slot in group for table in slot]
    assert all(table.dtype == torch.int32 and table.is_contiguous() for table in every)
    assert {tuple(table.shape) for table in every} <= {
        (layout.num_heads, layout.num_tokens),
        (layout.num_heads, layout.num_keys),
    }


def test_patterns_share_their_sizes() -> None:
    layout = Layout(4, 256, 0)
    unions = [(Full(),), (Window(9), Global(2)), (Window(3, dilation=2), Stride(9)), (Window(4), Random(32, 3))]
    found = [sizes(mask_tables((HeadPattern(union),), layout, CPU)) for union in unions]
    assert all(one == found[0] for one in found)
    many = sizes(mask_tables((HeadPattern((Window(4), Random(8, 4))),), layout, CPU))
    assert len(many) == len(found[0]) + 4


def test_only_patterns_on_a_grid_have_boxes() -> None:
    assert not mask_tables(HEADS, Layout(8, 256, 0), CPU).boxes
    assert len(mask_tables(ON_A_GRID, Layout(4, 256, 128), CPU).boxes) == 2
