"""Layouts and outputs against transformers' BigBird with `attention_type="block_sparse"`, random weights.

Theirs: every block of queries sees the blocks beside it, the first and the last block, and `num_random_blocks` blocks
drawn with numpy; the first and the last block see everything. Ours draws other random blocks (docs/patterns.md), so the
fixed part is compared bit for bit, and the drawn blocks are counted.

Source: transformers 5.23, models/big_bird/modeling_big_bird.py.
"""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Global

HEADS = 2


def fixed_part(block):
    """Three blocks around each block, the first and the last block: `block` twice says "my block or one beside it"."""
    return HeadPattern((Block(2 * block), Block(2 * block, shift=block), Global(block, block)), causal=False)


class Layer:
    """One block-sparse layer of theirs, and what it computed for a random input."""

    def __init__(self, transformers, num_blocks, num_random_blocks, *, block=2, training, seed=0):
        torch.manual_seed(seed)
        library = transformers.models.big_bird.modeling_big_bird
        config = transformers.BigBirdConfig(
            hidden_size=8,
            num_attention_heads=HEADS,
            attention_type="block_sparse",
            block_size=block,
            num_random_blocks=num_random_blocks,
        )
        self.module = library.BigBirdBlockSparseAttention(config, seed=seed).train(training)
        self.hidden = torch.randn(1, num_blocks * block, 8)
        blocked, band, row, column = library.BigBirdModel.create_masks_for_block_sparse_attn(
            torch.ones(1, num_blocks * block), block
        )
        with torch.no_grad():
            output, probabilities = self.module(self.hidden, band, row, column, blocked, blocked)
        self.output = output[0]
        self.layout = probabilities[0] > 0
        blocks = self.layout.unflatten(2, (-1, block)).unflatten(1, (-1, block)).transpose(2, 3)
        assert torch.equal(blocks.any((3, 4)), blocks.all((3, 4))), "a block is seen whole or not at all"
        self.blocks = blocks.any((3, 4))

    def ours(self, bias=0.0):
        """The fixed part with its weights, scores raised by bias (queries, keys); shape (tokens, heads * d_head)."""
        q, k, v = (
            linear(self.hidden).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for linear in (self.module.query, self.module.key, self.module.value)
        )
        seen = torch.from_numpy(fixed_part(self.module.block_size).mask(self.hidden.shape[1]))
        with torch.no_grad():
            mixed = scaled_dot_product_attention(q, k, v, torch.where(seen, bias, -torch.inf))
        return mixed.transpose(1, 2).flatten(2)[0]


@pytest.mark.parametrize("block", [1, 2, 4])
@pytest.mark.parametrize("num_blocks", [6, 7, 12])
def test_the_fixed_part_is_said_exactly(transformers, num_blocks, block):
    """In evaluation they draw nothing: every random block is block 0, which is seen anyway."""
    layer = Layer(transformers, num_blocks, 1, block=block, training=False)
    assert (layer.layout.numpy() == fixed_part(block).mask(num_blocks * block)).all()


@pytest.mark.parametrize("num_random_blocks", [1, 3])
def test_in_evaluation_they_weigh_the_first_block_again(transformers, num_random_blocks):
    """Rows of the middle count block 0 r + 1 times, which is log(r + 1) on its scores; the others are as ours."""
    layer = Layer(transformers, 12, num_random_blocks, training=False)
    again = torch.zeros(24, 24)
    again[2:-2, :2] = math.log(num_random_blocks + 1)
    torch.testing.assert_close(layer.output, layer.ours(again))
    torch.testing.assert_close(layer.output[[0, 1, -2, -1]], layer.ours()[[0, 1, -2, -1]])
    assert ((layer.output - layer.ours())[2:-2].abs().amax(dim=1) > 1e-4).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("num_blocks", "num_random_blocks"), [(12, 1), (12, 3), (20, 2), (20, 3)])
def test_random_blocks_are_as_many_as_asked_and_none_is_seen_anyway(transformers, num_blocks, num_random_blocks, seed):
    layer = Layer(transformers, num_blocks, num_random_blocks, training=True, seed=seed)
    fixed = torch.from_numpy(fixed_part(1).mask(num_blocks))
    assert layer.blocks[:, fixed].all()
    drawn = layer.blocks & ~fixed
    assert (drawn.sum(dim=2)[:, 1:-1] == num_random_blocks).all()
    assert not drawn[:, :, 2 * num_random_blocks + 5 :].any(), "drawn from the first 2 r + 5 blocks alone"


def test_the_plan_for_three_lengths_also_draws_blocks_that_are_seen_anyway(transformers):
    """At 1,024 tokens they draw out of blocks 1 to 15 of 64, and 15 is the last block of such an input."""
    layer = Layer(transformers, 12, 1, training=True)
    np.random.seed(0)
    drawn = layer.module._bigbird_block_rand_mask(4096, 4096, 64, 64, 3, last_idx=1024)[:14]
    assert drawn.min() >= 1
    assert (drawn == 15).any()
