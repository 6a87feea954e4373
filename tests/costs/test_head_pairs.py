import pytest

from nas.costs.counting import count_cost
from nas.costs.full_attention import full_pattern
from nas.costs.head_pairs import head_pairs
from nas.costs.target import Target
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Columns, Full, Global, Primitive, Random, Stride, Window
from nas.space.baselines import BASELINES
from nas.space.space import Shape

UNIONS: list[tuple[Primitive, ...]] = [
    (Window(2), Random(4, 2)),
    (Window(5, 3, 2), Global(3), Random(7, 3)),
    (Stride(5), Columns(6, 2), Random(3, 1)),
    (Window(0), Random(4, 1), Random(4, 2, 9)),
    (Window(1), Random(64, 2)),
    (Full(), Random(4, 2)),
    (Window(3), Stride(4)),
]


@pytest.mark.parametrize("union", UNIONS, ids=str)
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("num_tokens", [1, 7, 40, 61])
def test_pairs_equal_the_dense_mask(union: tuple[Primitive, ...], causal: bool, num_tokens: int) -> None:
    for layer, place in [(0, 0), (0, 1), (3, 2)]:
        head = HeadPattern(union, causal).placed(layer, place)
        assert head_pairs(head, num_tokens) == int(head.mask(num_tokens).sum())


def test_more_blocks_than_a_table_is_made_for() -> None:
    head = HeadPattern((Window(2), Random(1, 3)), True, 1, 1)
    assert head_pairs(head, 300) == int(head.mask(300).sum())


def test_a_thousand_random_heads_are_counted_for_a_real_model_at_32k() -> None:
    pattern = BASELINES["bigbird"](Shape(num_layers=2, num_heads=4, num_tokens=32768, causal=True))
    model = Target(
        name="large",
        num_tokens=32768,
        num_layers=32,
        num_heads=32,
        num_kv_heads=8,
        d_model=4096,
        d_head=128,
        d_mlp=14336,
    )
    cost, full = count_cost(pattern, model), count_cost(full_pattern(pattern), model)
    assert 0 < cost.attention_flops < full.attention_flops
