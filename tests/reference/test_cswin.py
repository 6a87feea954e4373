"""Stripes against CSWin's partition, written plainly.

Theirs: the grid is cut into stripes of sw rows for one half of the heads and of sw columns for the other; attention is
full inside a stripe (Dong et al. 2022, section 3.2). The paper gives the rows to the first half; the authors' code
(microsoft/CSWin-Transformer, models/cswin.py) gives it the columns.
"""

import pytest
import torch

from nas.attention import attend
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.primitives import Stripe


def partition(grid, height, width):
    """The tokens of each window of height x width, shape (windows, height * width)."""
    rows, columns = grid
    tokens = torch.arange(rows * columns).view(rows // height, height, columns // width, width)
    return tokens.transpose(1, 2).reshape(-1, height * width)


def layer(grid, width):
    """Four heads, the first two on rows."""
    groups = (HeadGroup(2, (Stripe("row", width),)), HeadGroup(2, (Stripe("column", width),)))
    return LayerPattern(groups, causal=False, grid=grid)


@pytest.mark.parametrize(("grid", "width"), [((4, 4), 1), ((8, 8), 2), ((6, 9), 3), ((7, 7), 7)])
def test_half_of_the_heads_see_their_rows_and_half_their_columns(grid, width):
    masks = torch.from_numpy(layer(grid, width).mask(grid[0] * grid[1]))
    for head, windows in enumerate([partition(grid, width, grid[1])] * 2 + [partition(grid, grid[0], width)] * 2):
        expected = torch.zeros_like(masks[head])
        for window in windows:
            expected[window[:, None], window] = True
        assert torch.equal(masks[head], expected), head


@pytest.mark.parametrize("backend", ["dense", "pieces"])
def test_outputs_are_full_attention_inside_each_stripe(backend):
    grid, width = (16, 24), 4
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 4, 16 * 24, 5, dtype=torch.float64)
    expected = torch.empty_like(v)
    for heads, windows in [(slice(0, 2), partition(grid, 4, 24)), (slice(2, 4), partition(grid, 16, 4))]:
        for window in windows:
            inside = (tensor[:, heads][:, :, window] for tensor in (q, k, v))
            expected[:, heads, window] = torch.nn.functional.scaled_dot_product_attention(*inside)
    torch.testing.assert_close(attend(q, k, v, layer(grid, width).head_patterns(), backend), expected)


def test_a_last_stripe_may_be_narrower_which_they_refuse():
    """Their resolution must be a multiple of the width."""
    masks = torch.from_numpy(layer((5, 7), 2).mask(35))
    assert masks[0].sum(dim=1).view(5, 7)[:, 0].tolist() == [14, 14, 14, 14, 7]
    assert masks[2].sum(dim=1).view(5, 7)[0].tolist() == [10, 10, 10, 10, 10, 10, 5]
