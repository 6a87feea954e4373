"""MInference's streaming kernel, rewritten here from its source."""

import json

import pytest
import torch
from hypothesis import given

from nas.errors import ExportError
from nas.export import FORMATS
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NUM_TOKENS = 61


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
def test_the_pairs_that_its_kernel_computes_are_ours(pattern):
    layers = json.loads(files_of("minference", pattern)["best_pattern.json"])
    for layer in range(pattern.num_layers):
        kinds, inits, locals_, _ = zip(*(layers[layer][str(head)] for head in range(pattern.num_heads)), strict=True)
        assert set(kinds) == {"stream_llm"}
        theirs = torch.stack([_streaming_forward(*sizes) for sizes in zip(inits, locals_, strict=True)])
        assert torch.equal(theirs, torch.from_numpy(pattern.mask(layer, NUM_TOKENS)))


def test_every_head_has_its_own_window():
    groups = (HeadGroup(1, (Window(7),)), HeadGroup(1, (Window(5), Global(2))), HeadGroup(1, (Full(),)))
    [layer] = json.loads(files_of("minference", ModelPattern.of([groups]))["best_pattern.json"])
    assert layer == {
        "0": ["stream_llm", 0, 8, 1.0],
        "1": ["stream_llm", 2, 6, 1.0],
        "2": ["stream_llm", 0, 1 << 30, 1.0],
    }


def test_a_head_that_chooses_keys_by_content_is_found_out():
    pattern = ModelPattern.of([(HeadGroup(1, (Window(7),)),)])
    text = str(files_of("minference", pattern)["best_pattern.json"])
    edited = text.replace("stream_llm", "vertical_and_slash")
    with pytest.raises(
        ExportError, match=r"^minference: layer 0, head 0 .* must be stream_llm, got 'vertical_and_slash'"
    ):
        FORMATS["minference"].check({"best_pattern.json": edited}, pattern)
