"""A tile's mask is that of its union, without what earlier parts hold and without padding."""

import numpy as np
import pytest
import torch

from nas.attention.pieces.entries import Entries, Folded, Runs
from nas.attention.pieces.masking import MOST_RUNS, Masker
from nas.attention.pieces.tile import Tile
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Stride, Window
from tests.attention.pieces.tiles import masker_of

WINDOW = HeadPattern((Window(2),))


def mask_of(tile: Tile) -> np.ndarray:
    assert tile.bias is not None
    return (tile.bias == 0).numpy()


def test_the_mask_is_that_of_the_union_at_these_tokens() -> None:
    tile = masker_of(WINDOW, 20).folded(slice(0, 1), slice(8, 12), np.arange(5, 12))
    assert tile is not None and tile.num_scores == 4 * 7
    assert (mask_of(tile)[0] == WINDOW.mask(20)[8:12, 5:12]).all()


def test_what_an_earlier_part_shows_is_left_out() -> None:
    strided = HeadPattern((Stride(2),))
    tile = masker_of(strided, 20, earlier=WINDOW).folded(slice(0, 1), slice(8, 12), np.arange(12))
    assert tile is not None
    assert (mask_of(tile)[0] == (strided.mask(20) & ~WINDOW.mask(20))[8:12, :12]).all()
    covered = masker_of(WINDOW, 20, earlier=HeadPattern((Full(),)))
    assert covered.folded(slice(0, 1), slice(8, 12), np.arange(12)) is None


def test_a_tile_without_a_visible_pair_is_none() -> None:
    masker = masker_of(WINDOW, 20)
    assert masker.folded(slice(0, 1), slice(8, 12), np.arange(3)) is None
    assert masker.placed(np.array([0, 10]), np.array([8]), np.array([0, 1])) is None


def test_a_tile_that_is_all_visible_has_no_bias() -> None:
    tile = masker_of(WINDOW, 20).folded(slice(0, 1), slice(8, 9), np.arange(6, 9))
    assert tile is not None and tile.bias is None and tile.num_scores == 3


def test_padding_is_visible_to_nothing_and_sees_nothing() -> None:
    """Seven tokens in three residue classes: two classes have two tokens and one entry of padding."""
    tile = masker_of(HeadPattern((Full(),), causal=False), 7, step=3).folded(slice(0, 3), slice(0, 3), np.arange(3))
    assert tile is not None
    real = (np.arange(3)[:, None] + 3 * np.arange(3)) < 7
    assert (mask_of(tile) == real[:, :, None] & real[:, None, :]).all()


def test_keys_are_a_slice_or_a_few_runs_or_numbers() -> None:
    masker, folding = masker_of(HeadPattern((Full(),)), 40), masker_of(HeadPattern((Full(),)), 40, step=2)

    def keys(masker: Masker, numbers: list[int]) -> Entries:
        tile = masker.folded(slice(0, 1), slice(18, 20), np.array(numbers))
        assert tile is not None and tile.keys.tokens(1 if masker is not folding else 2).numel() == len(numbers)
        return tile.keys

    together, runs, many, folded = (
        keys(masker, [3, 4, 5]),
        keys(masker, [3, 5, 6, 9]),
        keys(masker, list(range(0, 2 * MOST_RUNS + 2, 2))),
        keys(folding, [3, 5, 9]),
    )
    assert isinstance(together, Folded) and together.entries == slice(3, 6)
    assert isinstance(runs, Runs) and runs.runs == (slice(3, 4), slice(5, 7), slice(9, 10))
    assert isinstance(many, Folded) and isinstance(many.entries, torch.Tensor)
    assert isinstance(folded, Folded) and isinstance(folded.entries, torch.Tensor)


def test_equal_biases_are_stored_once() -> None:
    masker = masker_of(WINDOW, 200)
    tiles = [masker.folded(slice(0, 1), slice(at, at + 4), np.arange(at - 2, at + 4)) for at in (10, 50, 170)]
    assert len({id(tile.bias) for tile in tiles if tile is not None}) == 1
    other = masker.folded(slice(0, 1), slice(10, 14), np.arange(9, 14))
    assert other is not None and tiles[0] is not None and other.bias is not tiles[0].bias


def test_classes_that_are_masked_alike_share_one_bias() -> None:
    strided = HeadPattern((Stride(4),))
    tile = masker_of(strided, 40, step=4).folded(slice(0, 4), slice(0, 10), np.arange(10))
    assert tile is not None and tile.bias is not None and tile.bias.shape == (1, 10, 10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_bias_is_zero_or_minus_infinity_in_the_type_of_the_scores(dtype: torch.dtype) -> None:
    masker = Masker(WINDOW, None, 20, 1, torch.device("cpu"), dtype)
    tile = masker.placed(np.array([0, 7]), np.arange(3, 6), np.arange(6))
    assert tile is not None and tile.bias is not None and tile.bias.dtype == dtype
    assert set(tile.bias.unique().tolist()) == {0.0, -torch.inf}
