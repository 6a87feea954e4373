"""One softmax a tile gives what joined softmaxes give, forward and backward, in float64."""

import pytest
import torch
from hypothesis import given

from nas.attention.pieces import once, online, tile
from nas.attention.pieces.plan import make_plan
from nas.attention.pieces.sequences import Sequences
from nas.attention.pieces.tile import Plan
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Select, Stride, Window
from nas.patterns.primitives import Tile as GridTile
from tests.strategies import head_cases, quick


def plan_of(head: HeadPattern, num_tokens: int) -> Plan:
    return make_plan(head, num_tokens, torch.device("cpu"), torch.float64)


def sequences(num_tokens: int) -> Sequences:
    generator = torch.Generator().manual_seed(num_tokens)
    q, k, v = (torch.randn(3, num_tokens, width, dtype=torch.float64, generator=generator) for width in (4, 4, 2))
    none = q[:, :0], v[:, :0]
    return Sequences(q, k, v, *none, torch.zeros(3, num_tokens, 0, dtype=torch.int64), 0.7)


def compare(plan: Plan, num_tokens: int) -> None:
    x = sequences(num_tokens)
    upstream = torch.randn(x.v.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    out, lse = online.forward(plan, x)
    torch.testing.assert_close(once.forward(plan, x), out, rtol=0, atol=1e-12)
    ours, theirs = once.backward(plan, x, upstream), online.backward(plan, x, lse, out, upstream)
    for one, other in zip(ours, theirs[:3], strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11)


@given(head_cases())
@quick
def test_both_ways_agree_where_each_query_has_one_tile(case: tuple[HeadPattern, int]) -> None:
    head, num_tokens = case
    plan = plan_of(head, num_tokens)
    if plan.one_tile:
        compare(plan, num_tokens)
    else:
        with pytest.raises(AssertionError):
            once.forward(plan, sequences(num_tokens))


@pytest.mark.parametrize(
    ("head", "num_tokens"),
    [
        (HeadPattern((Window(70),)), 300),
        (HeadPattern((Window(9), Global(4))), 200),
        (HeadPattern((Block(50), Columns(20, 3)), causal=False), 170),
        (HeadPattern((GridTile(5, 4),), causal=False, grid=(20, 12)), 240),
        (HeadPattern((Stride(10),)), 300),
    ],
)
def test_patterns_of_one_part_have_one_tile_for_each_query(
    head: HeadPattern, num_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plan_of(head, num_tokens).one_tile
    compare(plan_of(head, num_tokens), num_tokens)
    monkeypatch.setattr(tile, "MOST_SCORES", 1)
    compare(plan_of(head, num_tokens), num_tokens)


@pytest.mark.parametrize(
    ("head", "num_tokens"),
    [
        (HeadPattern((Window(9), Stride(10))), 300),
        (HeadPattern((Stride(10),)), 301),
        (HeadPattern((Full(),)), 1100),
        (HeadPattern((Window(9),), memory_tokens=3), 300),
        (HeadPattern((Select(16, 2),)), 300),
    ],
    ids=["two parts", "missing tokens", "keys cut", "memory", "choices"],
)
def test_queries_with_several_tiles_need_joined_softmaxes(head: HeadPattern, num_tokens: int) -> None:
    assert not plan_of(head, num_tokens).one_tile
