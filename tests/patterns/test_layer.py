import numpy as np
import pytest
from hypothesis import given

from nas.errors import PatternError
from nas.patterns.head import HeadPattern
from nas.patterns.layer import MOST_HEADS, HeadGroup, LayerPattern
from nas.patterns.primitives import Block, Columns, Full, Random, Select, Stripe, Window
from tests.strategies import pattern_cases, quick


@given(pattern_cases())
@quick
def test_a_mask_stacks_those_of_the_heads(case):
    pattern, num_tokens = case
    for layer in pattern.layers:
        mask = layer.mask(num_tokens)
        assert (mask == np.stack([head.mask(num_tokens) for head in layer.head_patterns()])).all()


def test_heads_are_numbered_in_the_order_of_groups():
    drawing = (Window(0), Random(4, 1))
    layer = LayerPattern((HeadGroup(2, (Full(),)), HeadGroup(2, drawing)), index=3, memory_tokens=5)
    plain = HeadPattern((Full(),), memory_tokens=5)
    drawn = [HeadPattern(drawing, layer=3, head=head, memory_tokens=5) for head in (2, 3)]
    assert layer.num_heads == 4
    assert layer.head_patterns() == (plain, plain, *drawn)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HeadGroup(0, (Full(),)), "count: must be 1 or more, got 0."),
        (lambda: HeadGroup(MOST_HEADS + 1, (Full(),)), "count: must be 512 or less, got 513."),
        (lambda: HeadGroup(1, (Columns(4, 1),)), "attend: must let every query see itself, got "),
        (lambda: HeadGroup(1, (Select(4, 1), Block(4))), "attend: must hold select alone, or only masks, got "),
        (lambda: LayerPattern(()), "heads: must hold at least one head group, got []."),
        (
            lambda: LayerPattern((HeadGroup(1, (Full(),)),), causal=False, memory_tokens=1),
            "memory_tokens: must be 0 unless the pattern is causal, got 1.",
        ),
        (
            lambda: LayerPattern((HeadGroup(1, (Stripe("row", 1),)),)),
            "heads[0].attend[0]: must be in a pattern with a grid, because stripe is two-dimensional, got None.",
        ),
    ],
)
def test_wrong_layers_are_refused(make, message):
    with pytest.raises(PatternError) as caught:
        make()
    assert str(caught.value).startswith(message)
