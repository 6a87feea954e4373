"""What the generated function of a layer cannot represent is refused with its place."""

import pytest

from nas.errors import ExportError
from nas.export.generated import layer as generated_layer
from nas.export.generated.expressions import EXPRESSIONS
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, LowRank, Primitive, Select, Window
from tests.supported_patterns import files_of


def test_a_primitive_without_an_expression_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(generated_layer, "EXPRESSIONS", {Window: EXPRESSIONS[Window]})
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3),)),), (HeadGroup(1, (Window(3), Global(2))),)])
    with pytest.raises(ExportError, match=r"'global' in layer 1, head 0 \(layers\[1\]\.heads\[0\]\.attend\[1\]\)"):
        files_of("flex", pattern)


def _with_memory() -> ModelPattern:
    return ModelPattern.of([(HeadGroup(1, (Full(),)),)] * 2, memory_tokens=[0, 4])


def _second_group(primitive: Primitive, causal: bool) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(1, (Full(),)), HeadGroup(1, (primitive,)))], causal=causal)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (_second_group(Select(4, 2), True), r"'select' in layer 0, head 1 \(layers\[0\]\.heads\[1\]\.attend\[0\]\)"),
        (_second_group(LowRank(4), False), r"'low_rank' in layer 0, head 1 \(layers\[0\]\.heads\[1\]\.attend\[0\]\)"),
        (_with_memory(), r"'memory_tokens' in layer 1, all heads \(layers\[1\]\.memory_tokens\)"),
    ],
    ids=["select", "low_rank", "memory"],
)
def test_what_is_not_a_mask_is_refused_with_its_place(pattern, said):
    with pytest.raises(ExportError, match=f"^flex: cannot represent {said}: .*. Use --format pattern"):
        files_of("flex", pattern)
