"""The index tensors of FlashAttention 4, held against what FlexAttention's block masks say of the same pattern."""

from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch.nn.attention.flex_attention import BlockMask, create_block_mask

from nas.errors import ExportError, InputError
from nas.export import FORMATS, ExportSettings
from nas.export.formats import flash_attention_4
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Stride, Window
from tests.strategies import quick
from tests.supported_patterns import BLOCK, masks, provenance_of

NAME, NUM_TOKENS = "flash-attention-4", 75


def _files(pattern: ModelPattern, num_tokens: int = NUM_TOKENS):
    chosen = ExportSettings(num_tokens=num_tokens, block_tokens=BLOCK)
    return FORMATS[NAME].write(pattern, provenance_of(pattern), chosen)


def _arrays(files) -> dict:
    with np.load(BytesIO(files["block_sparse.npz"]), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _block_mask(dense: torch.Tensor) -> BlockMask:
    """FlexAttention's blocks of a mask of shape (heads, queries, keys)."""
    heads, queries, keys = dense.shape
    return create_block_mask(
        lambda b, h, q, k: dense[h, q, k], None, heads, queries, keys, device="cpu", BLOCK_SIZE=BLOCK
    )


@settings(quick, max_examples=10)
@given(masks)
def test_the_blocks_are_those_of_a_block_mask(pattern):
    """FlexAttention's BlockMask has the same four tensors, of which FlashAttention 4 took the idea and the names."""
    arrays = _arrays(_files(pattern))
    for layer in range(pattern.num_layers):
        blocks = _block_mask(torch.from_numpy(pattern.mask(layer, NUM_TOKENS)))
        num_whole = NUM_TOKENS // BLOCK  # the last block is a part of one, which theirs counts as partial
        for ours, count, index in (
            ("mask", blocks.kv_num_blocks, blocks.kv_indices),
            ("full", blocks.full_kv_num_blocks, blocks.full_kv_indices),
        ):
            for head in range(pattern.num_heads):
                for row in range(num_whole):
                    theirs = {int(one) for one in index[0, head, row, : count[0, head, row]]}
                    held = arrays[f"{ours}_block_idx"][layer, head, row][
                        : arrays[f"{ours}_block_cnt"][layer, head, row]
                    ]
                    assert {int(one) for one in held if one < num_whole} == {one for one in theirs if one < num_whole}


def test_equal_partial_blocks_are_kept_once():
    """A window of 3 blocks has two kinds of partial blocks, its two edges, in all rows and heads."""
    pattern = ModelPattern.of([(HeadGroup(4, (Window(3 * BLOCK),)),)] * 2)
    arrays = _arrays(_files(pattern, 8 * BLOCK))
    assert len(arrays["partial_blocks"]) == 2
    assert arrays["mask_block_cnt"][0, 0].tolist() == [1, 1, 1, 2, 2, 2, 2, 2]
    assert arrays["full_block_cnt"][0, 0].tolist() == [0, 1, 2, 2, 2, 2, 2, 2]


def test_arrays_that_would_be_too_large_are_refused(monkeypatch):
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)),)])
    with pytest.raises(InputError, match="--block: must be larger for 1000000 tokens, got 16"):
        _files(pattern, 1_000_000)
    monkeypatch.setattr(flash_attention_4, "_MOST_ENTRIES", 5 * BLOCK**2)
    with pytest.raises(InputError, match="--tokens: must be lower: too many blocks differ, got 160"):
        _files(ModelPattern.of([(HeadGroup(1, (Window(0), Stride(17))),)]), 160)


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_file_that_is_not_an_archive_is_refused(content):
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)),)])
    with pytest.raises(ExportError, match=r"block_sparse\.npz must hold the arrays that nas writes"):
        FORMATS[NAME].check({"block_sparse.npz": content}, pattern)
