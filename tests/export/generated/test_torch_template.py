"""The attention of the module for plain torch."""

import pytest
import torch

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Global, Random, Window
from tests.generated_modules import AttentionExam
from tests.supported_patterns import load_module


class TestAttention(AttentionExam):
    format_name = "torch"


def test_the_last_queries_alone_attend_as_in_the_whole_sequence():
    """More queries than the module processes at once, so that the pieces must fit together too."""
    pattern = ModelPattern.of([(HeadGroup(1, (Window(30), Global(1))), HeadGroup(1, (Random(8, 2), Window(1))))])
    module = load_module("torch", pattern)
    q, k, v = torch.randn(3, 1, 2, 600, 8, generator=torch.Generator().manual_seed(0))
    whole = module["attention"](0, q, k, v)
    scores = (q @ k.mT * 8**-0.5).masked_fill(~torch.from_numpy(pattern.mask(0, 600)), -torch.inf)
    torch.testing.assert_close(whole, scores.softmax(-1) @ v)
    torch.testing.assert_close(module["Attention"](0)(q[:, :, -5:], k, v), whole[:, :, -5:])


def test_a_bidirectional_sequence_cannot_be_cut():
    module = load_module("torch", ModelPattern.of([(HeadGroup(1, (Window(3, 3),)),)], causal=False))
    q = torch.randn(1, 1, 9, 8)
    with pytest.raises(ValueError, match="a causal q may be shorter"):
        module["attention"](0, q[:, :, -1:], q, q)
