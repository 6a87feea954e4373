"""SGLang's overrides: its models turn the config's window, own key included, into one that excludes it."""

import json

import torch
from hypothesis import given

from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NUM_TOKENS = 61


@quick
@given(SUPPORTED["sglang"])
def test_its_exclusive_windows_are_ours(pattern):
    """get_attention_sliding_window_size gives sliding_window - 1, the keys before the query's own."""
    keys = json.loads(files_of("sglang", pattern)["model_override.json"])
    back = torch.arange(NUM_TOKENS)[:, None] - torch.arange(NUM_TOKENS)
    for layer, kind in enumerate(keys["layer_types"]):
        theirs = back >= 0
        if kind == "sliding_attention":
            theirs &= back <= keys["sliding_window"] - 1
        assert torch.equal(theirs.expand(pattern.num_heads, -1, -1), torch.from_numpy(pattern.mask(layer, NUM_TOKENS)))
