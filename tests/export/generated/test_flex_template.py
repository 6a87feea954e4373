"""The attention and the block masks of the module for FlexAttention."""

import torch

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Stride, Window
from tests.generated_modules import AttentionExam
from tests.supported_patterns import load_module


class TestAttention(AttentionExam):
    format_name = "flex"


ALIKE, MIXED = (HeadGroup(2, (Window(3),)),), (HeadGroup(1, (Full(),)), HeadGroup(1, (Stride(5),)))


def test_layers_that_attend_alike_share_one_block_mask():
    module = load_module("flex", ModelPattern.of([ALIKE, MIXED, ALIKE]))
    assert module["block_mask"](0, 64) is module["block_mask"](2, 64)
    assert module["block_mask"](0, 64) is not module["block_mask"](0, 65)


def test_a_block_mask_has_a_head_for_each_that_differs():
    pattern = ModelPattern.of([ALIKE, MIXED])
    module = load_module("flex", pattern)
    assert module["MASK_HEADS"] == (1, 2)
    for layer in range(2):
        blocks = module["block_mask"](layer, 32, block_size=8)
        ours = torch.from_numpy(pattern.mask(layer, 32)).view(2, 4, 8, 4, 8).any(dim=4).any(dim=2)
        assert torch.equal(blocks.to_dense()[0].bool().expand(2, -1, -1), ours)
