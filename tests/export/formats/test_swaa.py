"""SWAA's config, by the rule of its attention, rewritten here from its source."""

import json

import torch
from hypothesis import given

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NUM_TOKENS = 61


def _config(pattern: ModelPattern) -> dict:
    return json.loads(files_of("swaa", pattern)["swaa_config.json"])


@quick
@given(SUPPORTED["swaa"])
def test_its_windows_and_first_tokens_are_ours(pattern):
    """swaa_patch/hack_hf_swaa.py (d5459cf): window_size (w - 1, w - 1), causal, and the first keep_first keys."""
    config = _config(pattern)
    back = torch.arange(NUM_TOKENS)[:, None] - torch.arange(NUM_TOKENS)
    for layer in range(pattern.num_layers):
        theirs = torch.ones(NUM_TOKENS, NUM_TOKENS, dtype=torch.bool)
        if config["sliding_window_size"] is not None and layer not in config["non_sliding_layers"]:
            side = config["sliding_window_size"] - 1
            theirs = (back <= side) & (back >= -side)
            theirs[:, : config["keep_first"]] = True
        theirs &= back >= 0
        assert torch.equal(theirs.expand(pattern.num_heads, -1, -1), torch.from_numpy(pattern.mask(layer, NUM_TOKENS)))


def test_the_file():
    pattern = ModelPattern.of([(HeadGroup(2, (Window(7), Global(3))),), (HeadGroup(2, (Full(),)),)])
    assert _config(pattern) == {
        "sliding_window_size": 8,
        "keep_first": 3,
        "force_fa_decode": False,
        "non_sliding_layers": [1],
    }


def test_a_pattern_for_prompts_decodes_with_full_attention():
    """force_fa_decode of attention_forward_swaa: one new token then sees every key."""
    pattern = ModelPattern.of([(HeadGroup(2, (Window(7), Global(3))),), (HeadGroup(2, (Full(),)),)])
    config = json.loads(files_of("swaa", pattern, phase="prefill")["swaa_config.json"])
    assert config == _config(pattern) | {"force_fa_decode": True}
