"""What a pattern costs at several lengths."""

import pytest

from nas.costs.counting import cost_with_ratio
from nas.costs.target import proxy_target
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Neighborhood, Window
from nas.report.study.lengths import MOST_TOKENS, costs_by_length, counted_as
from tests.fronts import make_pattern


def test_a_window_gets_cheaper_with_the_length_unless_it_is_carried():
    found = costs_by_length(make_pattern(Window(7)), 64, None, None)
    assert [one.num_tokens for one in found] == [64, 256, 1024, 4096]
    shares = [one.flops for one in found]
    assert shares == sorted(shares, reverse=True) and shares[-1] < shares[0] / 30
    assert found[-1].carried_flops == pytest.approx(shares[0], rel=0.1)
    assert found[0].cache == found[0].carried_cache == 8 / 64


def test_full_attention_costs_itself_at_every_length():
    for one in costs_by_length(make_pattern(Full()), 64, None, None):
        assert (one.flops, one.cache, one.carried_flops, one.carried_cache) == (1, 1, 1, 1)


def test_a_grid_has_no_other_length_than_its_own_and_those_of_its_proportions():
    pattern = ModelPattern.of([(HeadGroup(2, (Neighborhood(3, 3),)),)], causal=False, grid=(8, 8))
    first, second, *_ = costs_by_length(pattern, 64, None, None)
    assert first.flops is not None and second.flops is None
    assert second.carried_flops is not None, "16 x 16 has the same proportions"


def test_no_length_takes_minutes():
    assert [one.num_tokens for one in costs_by_length(make_pattern(), MOST_TOKENS, None, None)] == [MOST_TOKENS]


def test_another_model_than_the_study_s_is_noticed():
    pattern = make_pattern(Window(7))
    found = costs_by_length(pattern, 64, None, None)
    _, ratio = cost_with_ratio(pattern, proxy_target(num_layers=1, num_heads=2, num_tokens=64))
    assert counted_as(found, 64, ratio)
    assert not counted_as(found, 64, ratio | {"kv_cache_bytes": ratio["kv_cache_bytes"] / 2})
    assert not counted_as(found[1:], 64, ratio), "its own length tells"
