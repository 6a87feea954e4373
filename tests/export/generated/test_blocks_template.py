"""Block masks of generated modules are torch's own, made from a few rows of the mask at a time."""

import pytest
import torch
from torch.nn.attention.flex_attention import create_block_mask

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Random, Stride, Window
from tests.supported_patterns import load_module

UNIONS = [(Full(),), (Window(30), Stride(7)), (Block(16), Columns(20, 3)), (Window(1), Random(8, 2))]
NAMES = [f"{kind}_{part}" for kind in ("kv", "full_kv", "q", "full_q") for part in ("num_blocks", "indices")]


@pytest.fixture(scope="module")
def module():
    return load_module("flex", ModelPattern.of([tuple(HeadGroup(1, union) for union in UNIONS)]))


@pytest.mark.parametrize("num_tokens", [96, 100])
@pytest.mark.parametrize("batch", [1, 2])
def test_they_are_those_of_torch(module, num_tokens, batch):
    mod = module["mask_mod"](0, num_tokens)
    theirs = create_block_mask(mod, batch, 4, num_tokens, num_tokens, "cpu", BLOCK_SIZE=32)
    ours = module["_blocks"](mod, batch, 4, num_tokens, num_tokens, "cpu", 32)
    for name in NAMES:
        assert torch.equal(getattr(ours, name), getattr(theirs, name)), name
    assert ours.shape == theirs.shape
    assert ours.mask_mod is mod


def test_fewer_queries_than_keys(module):
    mod = module["mask_mod"](0, 100)
    theirs = create_block_mask(mod, 1, 4, 50, 100, "cpu", BLOCK_SIZE=16)
    ours = module["_blocks"](mod, 1, 4, 50, 100, "cpu", 16)
    assert all(torch.equal(getattr(ours, name), getattr(theirs, name)) for name in NAMES)


def test_one_row_of_blocks_is_in_memory_at_a_time(module):
    asked, mod = [], module["mask_mod"](0, 100)

    def watched(b, h, q_idx, kv_idx):
        asked.append(q_idx.numel())
        return mod(b, h, q_idx, kv_idx)

    module["_blocks"](watched, 1, 4, 100, 100, "cpu", 16)
    assert asked == [16] * 6 + [4]


def test_a_deep_model_never_runs_uncompiled():
    """Dynamo keeps eight graphs of a function by default, and then runs it uncompiled, over all pairs."""
    layers = [(HeadGroup(1, (Window(width),)),) for width in range(12)]
    module = load_module("flex", ModelPattern.of(layers))
    q = torch.randn(1, 1, 8, 4)
    compile = torch.compile
    with (
        torch._dynamo.config.patch(recompile_limit=8, accumulated_recompile_limit=8),
        pytest.MonkeyPatch.context() as p,
    ):
        p.setattr(torch, "compile", lambda function, **options: compile(function, backend="eager", **options))
        torch._dynamo.reset()
        run = module["_compiled_flex_attention"]()
        for layer in range(len(layers)):
            run(q, q, q, block_mask=module["block_mask"](layer, 8))
        assert torch._dynamo.utils.counters["frames"]["total"] == torch._dynamo.utils.counters["frames"]["ok"]
