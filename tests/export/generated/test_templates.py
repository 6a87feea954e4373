"""The attention of the modules for FlexAttention and for plain torch."""

import pytest
import torch

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Random, Window
from tests.supported_patterns import load_module

every_module = pytest.mark.parametrize("name", ["flex", "torch"])


@every_module
def test_attention_equals_dense_attention_and_has_gradients(name):
    pattern = ModelPattern.of([(HeadGroup(2, (Window(3), Global(1))), HeadGroup(2, (Full(),)))])
    q, k, v = torch.randn(3, 2, 4, 20, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    q.requires_grad_()
    out = load_module(name, pattern)["attention"](0, q, k, v)
    scores = (q @ k.mT * 8**-0.5).masked_fill(~torch.from_numpy(pattern.mask(0, 20)), -torch.inf)
    torch.testing.assert_close(out, scores.softmax(-1) @ v)
    out.sum().backward()
    assert q.grad is not None and q.grad.isfinite().all()


@every_module
def test_attention_with_grouped_queries(name):
    module = load_module(name, ModelPattern.of([(HeadGroup(4, (Window(3),)),)]))
    q, kv = torch.randn(1, 4, 9, 8), torch.randn(1, 2, 9, 8)
    repeated = kv.repeat_interleave(2, dim=1)
    torch.testing.assert_close(module["attention"](0, q, kv, kv), module["attention"](0, q, repeated, repeated))


@every_module
def test_wrong_shapes_and_layers_are_refused(name):
    module = load_module(name, ModelPattern.of([(HeadGroup(4, (Window(3),)),)]))
    q = torch.randn(1, 3, 9, 8)
    with pytest.raises(ValueError, match="must have 4 query heads"):
        module["attention"](0, q, q, q)
    with pytest.raises(ValueError, match="layer: must be from 0 to 0, got 1"):
        module["mask_mod"](1)


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
