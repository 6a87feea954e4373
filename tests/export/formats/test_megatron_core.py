"""Megatron-Core's arguments, by its own two functions, rewritten here."""

import json

import torch
from hypothesis import given

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NUM_TOKENS = 61


def _arguments(pattern: ModelPattern) -> dict:
    return json.loads(files_of("megatron-core", pattern)["transformer_config.json"])


@quick
@given(SUPPORTED["megatron-core"])
def test_its_windows_are_ours(pattern):
    """megatron/core/transformer/utils.py (0.16.1): layers count from 1; triu and tril by the two sides."""
    arguments = _arguments(pattern)
    ones = torch.ones(NUM_TOKENS, NUM_TOKENS, dtype=torch.bool)
    for layer_number in range(1, pattern.num_layers + 1):
        theirs = ones.tril()
        if arguments["window_size"] and arguments["window_attn_skip_freq"][layer_number - 1]:
            left, right = arguments["window_size"]
            theirs = ones.triu(-left).tril(right)
        ours = torch.from_numpy(pattern.mask(layer_number - 1, NUM_TOKENS))
        assert torch.equal(theirs.expand(pattern.num_heads, -1, -1), ours)


def test_the_file():
    windowed = ModelPattern.of([(HeadGroup(2, (Window(7),)),), (HeadGroup(2, (Full(),)),)])
    assert _arguments(windowed) == {"window_size": [7, 0], "window_attn_skip_freq": [1, 0]}
    full = ModelPattern.of([(HeadGroup(2, (Full(),)),)])
    assert _arguments(full) == {"window_size": None, "window_attn_skip_freq": None}
