"""FlashAttention's windows, by the formula of its documentation."""

import json

import torch
from hypothesis import given

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NUM_TOKENS = 61


@quick
@given(SUPPORTED["flash-attention"])
def test_its_windows_are_ours(pattern):
    """A query at i sees the keys from i - left to i + right; -1 is no limit; causal=True cuts what comes later."""
    document = json.loads(files_of("flash-attention", pattern)["window_sizes.json"])
    assert document["causal"]
    i, j = torch.arange(NUM_TOKENS)[:, None], torch.arange(NUM_TOKENS)
    for layer, (left, right) in enumerate(document["window_size"]):
        left, right = (NUM_TOKENS if side == -1 else side for side in (left, right))
        theirs = (i - left <= j) & (j <= i + right) & (j <= i)
        assert torch.equal(theirs.expand(pattern.num_heads, -1, -1), torch.from_numpy(pattern.mask(layer, NUM_TOKENS)))


def test_the_file():
    pattern = ModelPattern.of(
        [(HeadGroup(2, (Window(7),)),), (HeadGroup(2, (Full(),)),), (HeadGroup(2, (Window(3),)),)]
    )
    document = json.loads(files_of("flash-attention", pattern)["window_sizes.json"])
    assert document["window_size"] == [[7, 0], [-1, -1], [3, 0]]
