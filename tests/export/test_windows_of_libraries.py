"""What `window`, `recent` and `sink` mean elsewhere: masks by each library's own rule, from the files alone.

The rules are written here anew, from the libraries' sources, in another form than in `nas.export.targets`.
"""

import json
from io import StringIO

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from strategies import quick
from supported_patterns import SUPPORTED

from nas.export import FORMATS, ExportSettings
from nas.export.provenance import Provenance
from nas.export.targets.refusal import Refusal
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window

NUM_TOKENS = 61


def _files(name: str, pattern: ModelPattern, **chosen: int):
    provenance = Provenance(study="demo", trial=1, pattern_id=pattern.id)
    return FORMATS[name].write(pattern, provenance, ExportSettings(**chosen))


def _streaming_mask(sink_size: int, recent_size: int) -> torch.Tensor:
    """duo_attn/patch/streaming_attn.py, generate_streaming_mask (revision fe93c31)."""
    ones = torch.ones(NUM_TOKENS, NUM_TOKENS, dtype=torch.bool)
    sink = ones.clone()
    sink[:, sink_size:] = False
    return (torch.triu(ones, diagonal=-recent_size + 1) | sink) & torch.tril(ones)


@quick
@given(SUPPORTED["duo-attention"])
def test_duo_attention(pattern):
    files = _files("duo-attention", pattern)
    config = json.loads(files["config.json"])
    heads = np.clip(np.loadtxt(StringIO(files["full_attention_heads.tsv"]), dtype=float, delimiter="\t", ndmin=2), 0, 1)
    streaming = _streaming_mask(config["sink_size"], config["recent_size"])
    full = torch.ones_like(streaming).tril()
    for layer in range(pattern.num_layers):
        theirs = torch.stack([full if heads[layer, head] > 0.5 else streaming for head in range(pattern.num_heads)])
        assert torch.equal(theirs, pattern.mask(layer, NUM_TOKENS))


def _streaming_forward(n_init: int, n_local: int) -> torch.Tensor:
    """minference/ops/streaming_kernel.py, streaming_forward (revision fb56c91): two passes, joined by one softmax.

    The first takes distances from 0 to n_local - 1, the second the first n_init keys at distances of n_local or more.
    """
    token = torch.arange(NUM_TOKENS)
    dist = token[:, None] - token
    first = (dist >= 0) & (dist < n_local)
    return first | ((dist >= n_local) & (token < n_init)) if n_local < NUM_TOKENS else first


@quick
@given(SUPPORTED["minference"])
def test_minference(pattern):
    layers = json.loads(_files("minference", pattern)["best_pattern.json"])
    for layer in range(pattern.num_layers):
        kinds, inits, locals_, _ = zip(*(layers[layer][str(head)] for head in range(pattern.num_heads)), strict=True)
        assert set(kinds) == {"stream_llm"}
        theirs = torch.stack([_streaming_forward(*sizes) for sizes in zip(inits, locals_, strict=True)])
        assert torch.equal(theirs, pattern.mask(layer, NUM_TOKENS))


@quick
@given(SUPPORTED["tensorrt-llm"])
def test_tensorrt_llm(pattern):
    """tensorrt_llm/_torch: the window is exclusive, and clamped to the longest sequence."""
    config = yaml.safe_load(_files("tensorrt-llm", pattern)["tensorrt_llm.yaml"])
    windows = [min(NUM_TOKENS, window) for window in config["kv_cache_config"]["max_attention_window"]]
    ones = torch.ones(NUM_TOKENS, NUM_TOKENS, dtype=torch.bool)
    for layer, window in enumerate(windows):
        theirs = ones.tril() & ~ones.tril(-window)
        assert torch.equal(theirs.expand(pattern.num_heads, -1, -1), pattern.mask(layer, NUM_TOKENS))


def test_a_column_a_kv_head():
    groups = (HeadGroup(2, (Full(),)), HeadGroup(4, (Window(7), Global(2))))
    files = _files("duo-attention", ModelPattern.of([groups]), num_kv_heads=3)
    assert files["full_attention_heads.tsv"] == "1.0\t0.0\t0.0\n"
    assert json.loads(files["config.json"]) == {"sink_size": 2, "recent_size": 8}
    with pytest.raises(Refusal, match=r"layer 0, heads 2 to 5 .*: the query heads of KV head 0 must attend alike"):
        _files("duo-attention", ModelPattern.of([groups]), num_kv_heads=2)
    with pytest.raises(ValueError, match="--kv-heads: must divide the 6 heads of the pattern, got 4"):
        _files("duo-attention", ModelPattern.of([groups]), num_kv_heads=4)


@pytest.mark.parametrize("name", ["duo-attention", "minference"])
def test_heads_that_stream_in_two_ways(name):
    pattern = ModelPattern.of([(HeadGroup(1, (Window(7),)), HeadGroup(1, (Window(5),)))])
    if name == "minference":
        assert _files(name, pattern)
    else:
        with pytest.raises(Refusal, match=r"'window' in layer 0, head 1 .*all streaming heads share"):
            _files(name, pattern)
