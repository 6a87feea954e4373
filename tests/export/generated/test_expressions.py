"""Every mask has an expression, and a wrong one is found out."""

from dataclasses import dataclass

import pytest

from nas.errors import ExportError
from nas.export.formats import FORMATS
from nas.export.generated import layer as generated_layer
from nas.export.generated.expressions import EXPRESSIONS
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Primitive, Stripe, Window
from tests.strategies import MASK_KINDS
from tests.supported_patterns import files_of


def _check(pattern: ModelPattern) -> None:
    FORMATS["flex"].check(files_of("flex", pattern), pattern)


def test_every_mask_has_an_expression():
    assert {primitive.kind for primitive in EXPRESSIONS} == set(MASK_KINDS)


@dataclass
class Wrong:
    primitive: Primitive
    expression: str


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(Window(5000), "q_idx - kv_idx <= 4999"),
        Wrong(Window(5000), "(q_idx - kv_idx <= 5000) | (kv_idx == 4)"),
        Wrong(Block(3000), "q_idx // 3001 == kv_idx // 3001"),
    ],
)
def test_the_check_finds_a_wrong_mask_at_distances_far_from_the_start(monkeypatch, wrong):
    monkeypatch.setitem(generated_layer.EXPRESSIONS, type(wrong.primitive), lambda primitive: wrong.expression)  # type: ignore[attr-defined]
    pattern = ModelPattern.of([(HeadGroup(1, (wrong.primitive,)),)])
    with pytest.raises(ExportError, match="the mask read back differs from the pattern's in layer 0"):
        _check(pattern)


@pytest.mark.parametrize("grid", [(6, 9), (40, 50)])
def test_the_check_finds_a_wrong_mask_on_a_grid(monkeypatch, grid):
    monkeypatch.setitem(generated_layer.EXPRESSIONS, Stripe, lambda primitive: "q_idx // COLUMNS == kv_idx // COLUMNS")  # type: ignore[attr-defined]
    pattern = ModelPattern.of([(HeadGroup(1, (Stripe("row", 2),)),)], causal=False, grid=grid)
    with pytest.raises(ExportError, match="the mask read back differs from the pattern's in layer 0"):
        _check(pattern)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("grid", [None, (3, 8), (40, 50)])
def test_the_check_accepts_what_is_right(draw_pattern, seed, grid):
    pattern = draw_pattern(seed, seed % 2 == 1, grid)
    _check(pattern)
