"""The generated module in a small random Llama, compared with plain attention."""

from types import ModuleType

import pytest
from hypothesis import given, settings

from nas.errors import ExportError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Random, Stride, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

PATTERN = ModelPattern.of(
    [
        (HeadGroup(1, (Window(5), Global(2))), HeadGroup(1, (Full(),)), HeadGroup(2, (Random(4, 2), Window(1)))),
        (HeadGroup(3, (Block(8), Columns(8, 1))), HeadGroup(1, (Stride(3), Window(4, 0, 2)))),
    ]
)
"""Heads that share a KV head attend differently."""


@pytest.fixture(scope="module")
def decoder() -> ModuleType:
    """What `nas verify` runs; it imports transformers."""
    pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")
    return pytest.importorskip("nas.export.libraries.decoder")


def test_a_batch_with_padding_and_both_caches_equals_plain_attention(decoder):
    assert decoder.check(files_of("transformers", PATTERN), PATTERN)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_so_does_a_pattern_that_is_used_in_one_phase(decoder, phase):
    """The reference reads the prompt, or goes on after it, with full attention."""
    assert decoder.check(files_of("transformers", PATTERN, phase=phase), PATTERN)
    files = files_of("transformers", PATTERN, phase=phase)
    said = 'PHASE == ("prefill" if num_queries > 1 else "decode")'
    swapped = str(files["transformers_attention.py"]).replace(said, said.replace("> 1", "== 1"))
    with pytest.raises(ExportError, match=r"transformers: logits .*differ"):
        decoder.check({**files, "transformers_attention.py": swapped}, PATTERN)


@pytest.mark.slow
@settings(quick, max_examples=4)
@given(SUPPORTED["transformers"])
def test_so_does_any_pattern(pattern):
    decoder = pytest.importorskip("nas.export.libraries.decoder")
    decoder.check(files_of("transformers", pattern), pattern)


def test_a_mask_that_is_not_the_patterns_is_found_out(decoder):
    """Two keys less in one head of one layer."""
    other = ModelPattern.of([PATTERN.layers[0].heads, (PATTERN.layers[1].heads[0], HeadGroup(1, (Stride(3),)))])
    with pytest.raises(ExportError, match=r"transformers: logits differ from attention under the pattern's mask by"):
        decoder.check(files_of("transformers", other), PATTERN)
