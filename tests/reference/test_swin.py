"""Tiles against the shifted windows of transformers' Swin, random weights.

Swin rolls the grid towards its start by s, cuts windows of w x w, and masks what the roll brought together. In the
grid as it stands the cuts lie at s + multiples of w, which is our shift of w - s.

Source: transformers 5.23, models/swin/modeling_swin.py; Liu et al. 2021, section 3.2.
"""

import pytest
import torch

from nas.attention import attend
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Tile

CASES = [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (4, 2), (7, 3)]
"""Window and shift, in rows and columns; Swin shifts every other layer by half a window, rounded down."""


def ours(grid, window, shift):
    return HeadPattern((Tile(window, window, (window - shift) % window, (window - shift) % window),), False, grid=grid)


def make_layer(transformers, grid, window, shift):
    config = transformers.SwinConfig(window_size=window, embed_dim=8, num_heads=[2], depths=[1])
    library = transformers.models.swin.modeling_swin
    return library.SwinLayer(config, dim=8, input_resolution=grid, num_heads=2, shift_size=shift).eval()


def cut(transformers, layer, values):
    """Values on the grid, shape (1, rows, columns, channels), as their windows: (windows, w * w, channels)."""
    windows = transformers.models.swin.modeling_swin.window_partition(layer.cyclic_shift(values), layer.window_size)
    return windows.flatten(1, 2)


def layout(transformers, layer, rows, columns):
    """Which token sees which in the padded grid, from their windows and their mask; -100 on a score is "no"."""
    tokens = torch.arange(rows * columns, dtype=torch.float32).view(1, rows, columns, 1)
    places = cut(transformers, layer, tokens)[..., 0].long()
    masks = layer.get_attn_mask(rows, columns, torch.float32, places.device)
    seen = torch.zeros(rows * columns, rows * columns, dtype=torch.bool)
    for index, tokens_of in enumerate(places):
        allowed = torch.ones(()) if masks is None else masks[index] == 0
        seen[tokens_of[:, None], tokens_of[None, :]] = allowed.bool()
    return seen


@pytest.mark.parametrize("grid", [(14, 21), (8, 12), (9, 16), (10, 11)])
@pytest.mark.parametrize(("window", "shift"), CASES)
def test_the_layout_is_ours(transformers, grid, window, shift):
    """Also where the grid is no multiple of the window: Swin pads at the end, which leaves the cuts where they are."""
    rows, columns = (-(-side // window) * window for side in grid)
    theirs = layout(transformers, make_layer(transformers, grid, window, shift), rows, columns)
    inside = torch.zeros(rows, columns, dtype=torch.bool)
    inside[: grid[0], : grid[1]] = True
    mask = torch.from_numpy(ours(grid, window, shift).mask(grid[0] * grid[1]))
    assert torch.equal(theirs[inside.flatten()][:, inside.flatten()], mask)


@pytest.mark.parametrize("shift", [0, 2])
def test_their_padding_is_seen(transformers, shift):
    """A grid of 9 x 16 becomes 12 x 16, and no mask hides the rows that were added."""
    theirs = layout(transformers, make_layer(transformers, (9, 16), 4, shift), 12, 16)
    assert theirs[: 9 * 16, 9 * 16 :].any()


@pytest.mark.parametrize("backend", ["dense", "pieces"])
@pytest.mark.parametrize(("window", "shift"), [(2, 1), (3, 1), (4, 2), (4, 0)])
def test_outputs_are_equal_with_shared_weights(transformers, window, shift, backend):
    """Their relative position bias is zero before training."""
    torch.manual_seed(0)
    rows, columns = 12, 24
    layer = make_layer(transformers, (rows, columns), window, shift)
    library, attention = transformers.models.swin.modeling_swin, layer.attention
    hidden = torch.randn(1, rows, columns, 8)
    with torch.no_grad():
        mask = layer.get_attn_mask(rows, columns, hidden.dtype, hidden.device)
        windows = attention(cut(transformers, layer, hidden), mask)[0].unflatten(1, (window, window))
        theirs = layer.cyclic_shift(library.window_reverse(windows, window, rows, columns), reverse=True)
        q, k, v = (
            linear(hidden).view(1, rows * columns, 2, 4).transpose(1, 2)
            for linear in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        mixed = attend(q, k, v, (ours((rows, columns), window, shift),) * 2, backend)
        torch.testing.assert_close(theirs.flatten(1, 2), attention.o_proj(mixed.transpose(1, 2).flatten(2)))
