"""Metadata for GGUF files, by the rule of llama.cpp's is_masked_swa, rewritten here."""

import json

import numpy as np
import pytest
from hypothesis import given

from nas.export.formats.gguf import BY_LAYER, PATTERN, WINDOW, drops_windows
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


@pytest.mark.parametrize(
    "model_type", ["gemma2", "gemma3_text", "gpt_oss", "cohere2", "olmo3", "exaone_moe", "step3p5"]
)
def test_a_model_that_becomes_an_architecture_with_windows_by_layer_keeps_them(model_type):
    assert not drops_windows(model_type)


@pytest.mark.parametrize("model_type", ["llama", "qwen2", "qwen3", "mistral", "smollm3", "exaone4", ""])
def test_llama_cpp_drops_the_windows_of_all_others(model_type):
    assert drops_windows(model_type)


def test_names_of_architectures_are_told_apart_without_their_punctuation():
    assert not any(map(drops_windows, BY_LAYER))
