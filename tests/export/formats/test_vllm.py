"""vLLM's overrides: what its Transformers backend makes of them, and what config classes of transformers keep."""

import json

import pytest
import torch
from hypothesis import given

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NUM_TOKENS = 61


def overrides(name: str, pattern: ModelPattern) -> dict:
    [content] = files_of(name, pattern).values()
    return json.loads(content)


@quick
@given(SUPPORTED["vllm"])
def test_its_windows_are_ours(pattern):
    """Its backend gives sliding layers config.sliding_window, and FlashAttention (sliding_window - 1, 0) of that."""
    keys = overrides("vllm", pattern)
    back = torch.arange(NUM_TOKENS)[:, None] - torch.arange(NUM_TOKENS)
    for layer, kind in enumerate(keys["layer_types"]):
        theirs = back >= 0
        if kind == "sliding_attention":
            left, right = keys["sliding_window"] - 1, 0
            theirs = (back <= left) & (back >= -right)
        assert torch.equal(theirs.expand(pattern.num_heads, -1, -1), torch.from_numpy(pattern.mask(layer, NUM_TOKENS)))


@pytest.mark.parametrize("name", ["vllm", "sglang"])
def test_the_file(name):
    windowed = ModelPattern.of([(HeadGroup(2, (Window(7),)),), (HeadGroup(2, (Full(),)),)])
    assert overrides(name, windowed) == {
        "layer_types": ["sliding_attention", "full_attention"],
        "sliding_window": 8,
        "use_sliding_window": True,
    }
    full = ModelPattern.of([(HeadGroup(2, (Full(),)),)])
    assert overrides(name, full) == {
        "layer_types": ["full_attention"],
        "sliding_window": None,
        "use_sliding_window": False,
    }


@pytest.mark.parametrize("name", ["vllm", "sglang"])
@pytest.mark.parametrize("model", ["Qwen2Config", "Qwen3Config", "SmolLM3Config", "Gemma2Config", "Olmo3Config"])
def test_configs_of_transformers_keep_the_window(name, model):
    """Qwen's configs drop sliding_window without a word unless use_sliding_window is set."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")
    pattern = ModelPattern.of([(HeadGroup(2, (Window(7),)),), (HeadGroup(2, (Full(),)),)])
    keys = overrides(name, pattern)
    config = getattr(transformers, model)(num_hidden_layers=2, **keys)
    assert config.sliding_window == 8 and config.layer_types == ["sliding_attention", "full_attention"]
    if model.startswith("Qwen"):
        del keys["use_sliding_window"]
        assert getattr(transformers, model)(num_hidden_layers=2, **keys).sliding_window is None
