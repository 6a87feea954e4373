from dataclasses import replace

import pytest

from nas.errors import PatternError
from nas.patterns.layer import HeadGroup
from nas.patterns.primitives import Full, Global, Window
from nas.space.space import Shape

SHAPE = Shape(num_layers=2, num_heads=2, num_tokens=16, causal=True)


def test_patterns_have_the_causality_and_the_grid_of_the_shape() -> None:
    layers = [(HeadGroup(2, (Full(),)),)] * 2
    pattern = replace(SHAPE, causal=False, grid=(4, 4)).pattern(layers, position="learned")
    assert (pattern.causal, pattern.grid, pattern.position) == (False, (4, 4), "learned")
    assert [layer.memory_tokens for layer in SHAPE.pattern(layers, memory_tokens=[0, 8]).layers] == [0, 8]


def test_a_layer_that_breaks_the_contract_is_named() -> None:
    with pytest.raises(PatternError, match=r"^layers\[1\].heads\[0\].attend\[1\].last: must be 0"):
        SHAPE.pattern([(HeadGroup(2, (Full(),)),), (HeadGroup(2, (Full(), Global(0, 1))),)])


def test_the_order_of_heads_counts_where_weights_were_there_first() -> None:
    one, other = HeadGroup(1, (Full(),)), HeadGroup(1, (Window(3),))
    turned = [SHAPE.pattern([pair] * 2) for pair in ((one, other), (other, one))]
    assert len({SHAPE.identity(pattern) for pattern in turned}) == 1
    assert len({replace(SHAPE, weighted=True).identity(pattern) for pattern in turned}) == 2
