"""What every export format must do."""

import builtins
import re
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import ExportError
from nas.export import FORMATS
from nas.export.contract.heads import Refusal
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Stride, Window
from tests.strategies import patterns, quick
from tests.supported_patterns import BLOCK, EXAMPLES, SUPPORTED, files_of

PLACE = re.compile(
    r"^[a-z0-9-]+: cannot represent '[a-z_]+' in layer \d+, (heads? [\d to]+|all heads) \(layers\[\d+\]\."
    r"|^[a-z0-9-]+: cannot represent '(causal: false|grid)' in all layers and heads \((causal|grid)\)"
)
few = settings(quick, max_examples=10)


every_format = pytest.mark.parametrize("name", FORMATS)


def test_every_format_has_patterns_to_be_tested_with():
    assert set(SUPPORTED) == set(FORMATS)


def test_every_format_goes_by_its_own_name():
    assert [export_format.name for export_format in FORMATS.values()] == list(FORMATS)


@every_format
@few
@given(st.data())
def test_what_is_written_is_read_back(name, data):
    pattern = data.draw(SUPPORTED[name])
    FORMATS[name].check(files_of(name, pattern), pattern)


@every_format
@few
@given(pattern=patterns(computing=True))
def test_any_pattern_is_written_or_refused_with_its_place(name, pattern):
    try:
        files = files_of(name, pattern)
    except Refusal as refusal:
        assert PLACE.match(str(refusal)), str(refusal)
        assert str(refusal).startswith(f"{name}: ") and "Use --format pattern" in str(refusal)
    else:
        FORMATS[name].check(files, pattern)


@every_format
def test_the_same_pattern_gives_the_same_files(name):
    pattern = EXAMPLES[name]
    first, second = (files_of(name, pattern) for _ in range(2))
    assert first == second


@every_format
def test_another_pattern_than_the_one_that_was_read_is_found_out(name):
    pattern = EXAMPLES[name]
    files = files_of(name, pattern)
    other = ModelPattern((pattern.layers[0], replace(pattern.layers[0], index=1)), pattern.position)
    if other == pattern:
        other = ModelPattern.of([(HeadGroup(2, (Block(BLOCK),)),)] * 2)
    with pytest.raises(ExportError, match="read back"):
        FORMATS[name].check(files, other)


@every_format
def test_writing_runs_nothing_and_reads_no_files(name, monkeypatch):
    """Only the check of our own text may run it."""

    def refuse(*_, **__):
        raise AssertionError("something was run or opened")

    pattern = EXAMPLES[name]
    for function in ("exec", "eval", "open"):
        monkeypatch.setattr(builtins, function, refuse)
    files = files_of(name, pattern)
    monkeypatch.undo()
    assert files


@every_format
def test_no_format_loads_the_library_it_is_for(name):
    """An export needs torch at most; only `nas verify` needs more."""
    pattern = EXAMPLES[name]
    before = set(sys.modules)  # a test of `nas.export.libraries` may have run in this process
    FORMATS[name].check(files_of(name, pattern), pattern)
    libraries = {"deepspeed", "flashinfer", "tensorrt_llm", "duo_attn", "minference", "mlx_lm", "megatron", "jax"}
    assert not {*libraries, "gguf", "vllm", "sglang"} & (set(sys.modules) - before)


EVERY_MASK = {"pattern", "flex", "torch", "transformers", "flash-attention-4", "splash"}


@pytest.mark.parametrize("unsupported", [name for name in FORMATS if name not in EVERY_MASK])
def test_a_refusal_names_kind_layer_and_heads(unsupported):
    supported = EXAMPLES[unsupported].layers[0].heads[0].attend
    pattern = ModelPattern.of(
        [(HeadGroup(4, supported),), (HeadGroup(1, supported), HeadGroup(3, (*supported[1:], Window(3), Stride(5))))]
    )
    expected = rf"{unsupported}: cannot represent '(stride|window)' in layer 1, heads 1 to 3 \(layers\[1\]\.heads\[1\]"
    with pytest.raises(Refusal, match=expected):
        files_of(unsupported, pattern)
