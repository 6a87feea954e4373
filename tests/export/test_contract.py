"""What every export target must do."""

import builtins
import json
import re
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import patterns, quick
from supported_patterns import BLOCK, EXAMPLES, SETTINGS, SUPPORTED, example_point, provenance_of

from nas.errors import ExportError
from nas.export import FORMATS, export_points
from nas.export.targets.refusal import Refusal
from nas.patterns.file import load_pattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Stride, Window

PLACE = re.compile(
    r"^(?P<target>[a-z-]+): cannot say '(?P<kind>[a-z_: ]+)' in (layer \d+|all layers), ?(heads? [\d to]+|all heads)?"
    r"|^[a-z-]+: cannot say 'causal: false' in all layers and heads"
)
few = settings(quick, max_examples=10)


every_target = pytest.mark.parametrize("name", FORMATS)


def test_every_target_has_patterns_to_be_tested_with():
    assert set(SUPPORTED) == set(FORMATS)


@every_target
@few
@given(st.data())
def test_what_is_said_is_read_back(name, data):
    pattern = data.draw(SUPPORTED[name])
    FORMATS[name].prove(FORMATS[name].write(pattern, provenance_of(pattern), SETTINGS[name]), pattern)


@every_target
@few
@given(pattern=patterns(computing=True))
def test_any_pattern_is_said_or_refused_with_its_place(name, pattern):
    try:
        files = FORMATS[name].write(pattern, provenance_of(pattern), SETTINGS[name])
    except Refusal as refusal:
        said = PLACE.match(str(refusal))
        assert said, str(refusal)
        assert str(refusal).startswith(f"{name}: ") and "Use --format pattern" in str(refusal)
    else:
        FORMATS[name].prove(files, pattern)


@every_target
def test_the_same_pattern_gives_the_same_files(name):
    pattern = EXAMPLES[name]
    first, second = (FORMATS[name].write(pattern, provenance_of(pattern), SETTINGS[name]) for _ in range(2))
    assert first == second


@every_target
def test_another_pattern_than_the_one_that_was_read_is_found_out(name):
    pattern = EXAMPLES[name]
    files = FORMATS[name].write(pattern, provenance_of(pattern), SETTINGS[name])
    other = replace(pattern, layers=(pattern.layers[0], replace(pattern.layers[0], index=1)))
    if other == pattern:
        other = ModelPattern.of([(HeadGroup(2, (Block(BLOCK),)),)] * 2)
    with pytest.raises(ExportError, match="read back"):
        FORMATS[name].prove(files, other)


@every_target
def test_a_bundle_has_all_that_is_promised(name, tmp_path):
    point = example_point(name)
    written = export_points([point], name, tmp_path / "out", settings=SETTINGS[name])
    names = {path.name for path in written}
    assert {"README.md", "provenance.json", "pattern.json", "picture.png", "bundle.json", "verification.json"} <= names
    assert load_pattern(tmp_path / "out" / "pattern.json") == point.pattern
    assert (tmp_path / "out" / "picture.png").read_bytes().startswith(b"\x89PNG")
    bundle = json.loads((tmp_path / "out" / "bundle.json").read_text())
    assert bundle["format"] == name and set(bundle["files"]) < names | {"pattern.json"} | set(bundle["files"])
    verification = json.loads((tmp_path / "out" / "verification.json").read_text())
    assert verification["outcome"] == "equal" and verification["checks"][0]["compared"]
    readme = (tmp_path / "out" / "README.md").read_text()
    assert FORMATS[name].usage in readme and "![Which keys each query sees](picture.png)" in readme


@every_target
def test_writing_runs_nothing_and_reads_no_files(name, monkeypatch):
    """Only the proof of our own text may run it."""

    def refuse(*_, **__):
        raise AssertionError("something was run or opened")

    pattern = EXAMPLES[name]
    for function in ("exec", "eval", "open"):
        monkeypatch.setattr(builtins, function, refuse)
    files = FORMATS[name].write(pattern, provenance_of(pattern), SETTINGS[name])
    monkeypatch.undo()
    assert files


@every_target
def test_no_target_loads_the_library_it_is_for(name):
    """An export needs torch alone; `nas verify` is what asks for more."""
    pattern = EXAMPLES[name]
    FORMATS[name].prove(FORMATS[name].write(pattern, provenance_of(pattern), SETTINGS[name]), pattern)
    assert not {"deepspeed", "flashinfer", "tensorrt_llm", "duo_attn", "minference"} & set(sys.modules)


@pytest.mark.parametrize(
    "unsupported", [name for name in FORMATS if name not in ("pattern", "flex", "torch", "transformers")]
)
def test_a_refusal_names_kind_layer_and_heads(unsupported):
    supported = EXAMPLES[unsupported].layers[0].heads[0].attend
    pattern = ModelPattern.of(
        [(HeadGroup(4, supported),), (HeadGroup(1, supported), HeadGroup(3, (*supported[1:], Window(3), Stride(5))))]
    )
    expected = rf"{unsupported}: cannot say '(stride|window)' in layer 1, heads 1 to 3 \(layers\[1\]\.heads\[1\]"
    with pytest.raises(Refusal, match=expected):
        FORMATS[unsupported].write(pattern, provenance_of(pattern), SETTINGS[unsupported])
