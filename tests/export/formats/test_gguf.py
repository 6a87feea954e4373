"""Metadata for GGUF files, by the rule of llama.cpp's is_masked_swa, rewritten here."""

import json

import numpy as np
from hypothesis import given

from nas.export.formats.gguf import PATTERN, WINDOW
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NUM_TOKENS = 61


def _document(pattern: ModelPattern) -> dict:
    return json.loads(files_of("gguf", pattern)["gguf_metadata.json"])


@quick
@given(SUPPORTED["gguf"])
def test_its_windows_are_ours(pattern):
    """A key at p0 is hidden from a query at p1 where p1 - p0 >= n_swa, in the layers that the pattern marks."""
    keys = _document(pattern)["keys"]
    p1, p0 = np.arange(NUM_TOKENS)[:, None], np.arange(NUM_TOKENS)
    for layer, is_swa in enumerate(keys[PATTERN]["value"]):
        masked = (p0 > p1) | (is_swa & (p1 - p0 >= keys[WINDOW]["value"]))
        assert (~masked == pattern.mask(layer, NUM_TOKENS)).all()


def test_the_file():
    document = _document(ModelPattern.of([(HeadGroup(2, (Window(7),)),), (HeadGroup(2, (Full(),)),)]))
    assert document["keys"] == {
        "{arch}.attention.sliding_window": {"type": "UINT32", "value": 8},
        "{arch}.attention.sliding_window_pattern": {"type": "ARRAY", "value": [True, False]},
    }
    assert {"gemma3", "gpt-oss"} <= set(document["read_by"]) and not {"llama", "qwen3"} & set(document["read_by"])
