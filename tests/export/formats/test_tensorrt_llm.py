"""TensorRT-LLM's windows, rewritten here from its source."""

import pytest
import torch
import yaml
from hypothesis import given

from nas.export.contract.heads import Refusal
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NUM_TOKENS = 61


@quick
@given(SUPPORTED["tensorrt-llm"])
def test_its_exclusive_windows_are_ours(pattern):
    """tensorrt_llm/_torch: the window is exclusive, and clamped to the longest sequence."""
    config = yaml.safe_load(files_of("tensorrt-llm", pattern)["tensorrt_llm.yaml"])
    windows = [min(NUM_TOKENS, window) for window in config["kv_cache_config"]["max_attention_window"]]
    ones = torch.ones(NUM_TOKENS, NUM_TOKENS, dtype=torch.bool)
    for layer, window in enumerate(windows):
        theirs = ones.tril() & ~ones.tril(-window)
        assert torch.equal(theirs.expand(pattern.num_heads, -1, -1), torch.from_numpy(pattern.mask(layer, NUM_TOKENS)))


def test_the_file():
    pattern = ModelPattern.of([(HeadGroup(2, (Window(7),)),), (HeadGroup(2, (Full(),)),)])
    text = files_of("tensorrt-llm", pattern)["tensorrt_llm.yaml"]
    assert text == "kv_cache_config:\n  max_attention_window: [8, 2147483647]\n"


def test_first_tokens_are_refused():
    pattern = ModelPattern.of([(HeadGroup(2, (Window(7), Global(2))),)])
    with pytest.raises(Refusal, match=r"'global' in layer 0, heads 0 to 1 .*: it represents one window per layer"):
        files_of("tensorrt-llm", pattern)
