"""Exports of patterns of a target's size: all of its layers and heads, and sizes of its length."""

from importlib import import_module

import pytest

from nas.config.target import load_target
from nas.costs.target import Target
from nas.errors import ExportError
from nas.export import FORMATS
from nas.export.contract.export_format import Library
from nas.export.contract.heads import Refusal
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Global, Primitive, Window
from tests.supported_patterns import files_of

TARGETS = ["llama-3.2-1b-32k", "gemma-3-1b-32k", "smollm2-135m-8k"]
ELSEWHERE = {"longformer": "it is for encoders"}
"""Formats that no decoder is exported to."""


def shaped(target: Target, *layers: tuple[Primitive, ...]) -> ModelPattern:
    """These layers in turn, in every layer and head of a target."""
    return ModelPattern.of(
        [(HeadGroup(target.num_heads, layers[layer % len(layers)]),) for layer in range(target.num_layers)]
    )


def choices(target: Target) -> list[ModelPattern]:
    """What a search may find for it: windows in all or some layers, with sinks or without, or one full head."""
    window, alike = Window(target.num_tokens // 8 - 1), target.num_heads // target.num_kv_heads
    found = [
        shaped(target, (window,), (Full(),)),
        shaped(target, (window,)),
        shaped(target, (window, Global(4))),
        shaped(target, (Block(target.num_tokens // 64),)),
    ]
    if streaming := target.num_heads - alike:
        layer = (HeadGroup(streaming, (window, Global(4))), HeadGroup(alike, (Full(),)))
        found.append(ModelPattern.of([layer] * target.num_layers))
    return found


@pytest.mark.parametrize("name", [one for one in FORMATS if one not in ELSEWHERE])
@pytest.mark.parametrize("target", TARGETS)
def test_what_a_search_for_a_target_finds_is_written_and_read_back(name: str, target: str) -> None:
    """Masks are compared in full at short lengths, and in rows at a length that has every edge inside it."""
    own, written = load_target(target), []
    for pattern in choices(own):
        try:
            files = files_of(name, pattern)
        except Refusal:
            continue
        written.append(FORMATS[name].check(files, pattern))
    assert written, f"{name} represents nothing of a {own.name}"


@pytest.mark.parametrize("target", TARGETS)
def test_a_model_of_the_targets_shape_loads_it(target: str) -> None:
    """transformers builds it with all layers and heads, and fewer features."""
    export_format = FORMATS["transformers"]
    assert isinstance(export_format.library, Library)
    try:
        reader = import_module(f"nas.export.libraries.{export_format.library.module}")
    except ImportError as error:
        pytest.skip(f"transformers cannot be imported ({error}); pip install '.[dev]'")
    pattern = choices(load_target(target))[0]
    files = files_of("transformers", pattern)
    assert any("Llama" in line for line in reader.check(files, pattern))
    with pytest.raises(ExportError):
        reader.check(files, shaped(load_target(target), (Window(3),)))
