"""DuoAttention's streaming mask, rewritten here from its source."""

import json
from io import StringIO

import numpy as np
import pytest
import torch
from hypothesis import given

from nas.export import ExportSettings
from nas.export.contract.heads import Refusal
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NAME, NUM_TOKENS = "duo-attention", 61


def _streaming_mask(sink_size: int, recent_size: int) -> torch.Tensor:
    """duo_attn/patch/streaming_attn.py, generate_streaming_mask (revision fe93c31)."""
    ones = torch.ones(NUM_TOKENS, NUM_TOKENS, dtype=torch.bool)
    sink = ones.clone()
    sink[:, sink_size:] = False
    return (torch.triu(ones, diagonal=-recent_size + 1) | sink) & torch.tril(ones)


@quick
@given(SUPPORTED["duo-attention"])
def test_the_masks_that_it_trains_with_are_ours(pattern):
    files = files_of(NAME, pattern)
    config = json.loads(files["config.json"])
    heads = np.clip(np.loadtxt(StringIO(files["full_attention_heads.tsv"]), dtype=float, delimiter="\t", ndmin=2), 0, 1)  # type: ignore[arg-type, call-overload]
    streaming = _streaming_mask(config["sink_size"], config["recent_size"])
    full = torch.ones_like(streaming).tril()
    for layer in range(pattern.num_layers):
        theirs = torch.stack([full if heads[layer, head] > 0.5 else streaming for head in range(pattern.num_heads)])
        assert torch.equal(theirs, torch.from_numpy(pattern.mask(layer, NUM_TOKENS)))


def test_a_column_for_each_kv_head():
    groups = (HeadGroup(2, (Full(),)), HeadGroup(4, (Window(7), Global(2))))
    files = files_of(NAME, ModelPattern.of([groups]), ExportSettings(num_kv_heads=3))
    assert files["full_attention_heads.tsv"] == "1.0\t0.0\t0.0\n"
    assert json.loads(files["config.json"]) == {"sink_size": 2, "recent_size": 8}
    with pytest.raises(Refusal, match=r"layer 0, heads 2 to 5 .*: the query heads of KV head 0 must attend alike"):
        files_of(NAME, ModelPattern.of([groups]), ExportSettings(num_kv_heads=2))
    with pytest.raises(ValueError, match="--kv-heads: must divide the 6 heads of the pattern, got 4"):
        files_of(NAME, ModelPattern.of([groups]), ExportSettings(num_kv_heads=4))


def test_streaming_heads_that_differ_are_refused():
    pattern = ModelPattern.of([(HeadGroup(1, (Window(7),)), HeadGroup(1, (Window(5),)))])
    with pytest.raises(Refusal, match=r"'window' in layer 0, head 1 .*all streaming heads share"):
        files_of(NAME, pattern)
