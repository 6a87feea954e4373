"""Attention in a generated module from the keys alone that are needed, against the dense mask."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Random, Stride, Window
from tests.supported_patterns import load_module

STREAMING = (Window(20), Global(2))
PATTERN = ModelPattern.of(
    [
        (HeadGroup(2, STREAMING), HeadGroup(2, (Full(),)), HeadGroup(2, STREAMING)),
        (HeadGroup(1, STREAMING), HeadGroup(3, (Stride(5), Window(3))), HeadGroup(2, (Random(8, 1), Window(0)))),
    ]
)
NUM_TOKENS = 300


@pytest.fixture
def module() -> dict[str, Any]:
    made = load_module("transformers", PATTERN)
    made["QUERIES_AT_ONCE"] = 64
    return made


def _causal(first: int = 0, padding: tuple[int, int] = (0, 0)) -> Tensor:
    """The mask that a model makes: bool, (2, 1, queries, keys)."""
    token = torch.arange(NUM_TOKENS)
    start = torch.tensor(padding)[:, None, None]
    return ((token <= token[:, None]) & (token >= start) & (token[:, None] >= start))[:, None, first:]


def _attention(module: dict[str, Any], layer: int, kv_heads: int, mask: Tensor) -> tuple[Tensor, Tensor]:
    """What the module says, and softmax written out under the pattern's mask, each shifted by its padding."""
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(2, 6, mask.shape[2], 8, generator=generator)
    k, v = torch.randn(2, 2, kv_heads, NUM_TOKENS, 8, generator=generator)
    out, _ = module["attention"](SimpleNamespace(layer_idx=layer), q, k, v, mask)
    k, v = (states.repeat_interleave(6 // kv_heads, dim=1) for states in (k, v))
    scores = (q @ k.mT * 8**-0.5).masked_fill(~module["visible"](layer, mask), -torch.inf)
    return out, (scores.softmax(dim=-1).nan_to_num() @ v).transpose(1, 2)


@pytest.mark.parametrize("padding", [(0, 0), (70, 0)])
@pytest.mark.parametrize("first", [0, 200, NUM_TOKENS - 1])
@pytest.mark.parametrize("kv_heads", [1, 3, 6])
@pytest.mark.parametrize("layer", [0, 1])
def test_it_equals_dense_attention(module, layer, kv_heads, first, padding):
    ours, dense = _attention(module, layer, kv_heads, _causal(first, padding))
    torch.testing.assert_close(ours, dense, atol=1e-5, rtol=1e-4)


def test_windows_read_the_keys_that_they_need(module):
    mask = _causal()
    _attention(module, 0, 3, mask)
    (streaming, _) = module["head_groups"](0, 3)
    rows = module["_rows"](0, streaming, mask)
    read = [len(torch.arange(NUM_TOKENS)[keys]) for _, keys, _ in rows]
    assert streaming.kv_heads == [0, 2] and read == [64, 86, 86, 86, 66]


def test_masks_that_are_kept_are_no_larger_than_the_models(module):
    mask = _causal()
    for layer in (0, 1):
        _attention(module, layer, 6, mask)
    kept = [seen for made in module["_LAST"].values() if isinstance(made, list) for _, _, seen in made]
    assert any(seen is None for seen in kept)
    assert 0 < sum(seen.numel() for seen in kept if seen is not None) <= mask.numel()


def test_keys_that_are_not_all_there_are_refused(module):
    q, k = torch.randn(2, 6, 1, 8), torch.randn(2, 3, 5, 8)
    with pytest.raises(ValueError, match=r"past_key_values: must hand all 300 keys .* got 5 keys\. Leave it out\."):
        module["attention"](SimpleNamespace(layer_idx=0), q, k, k, _causal(NUM_TOKENS - 1))
