import pytest

from nas.errors import InputError, PatternError
from nas.patterns.layer import HeadGroup
from nas.patterns.primitives import Global, Window
from nas.space.checks import require_options
from nas.space.choices import Choice, Integers, Scope, draw_streaming, each_layer, layer_scopes, split_heads
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape, Suggester

SHAPE = Shape(num_layers=3, num_heads=2, num_tokens=16, causal=True)


def narrow_or_wide(suggest: Suggester) -> tuple[HeadGroup, ...]:
    """A layer with a conditional parameter: the width is only asked for where there is a window to widen."""
    if Choice(("self", "window")).draw(suggest, "kind") == "self":
        return (HeadGroup(2, (Window(0),)),)
    return (HeadGroup(2, (Window(Integers(1, 15, log=True).draw(suggest, "before")),)),)


def test_each_layer_asks_under_its_own_name() -> None:
    suggest = RandomSuggester(1)
    pattern = each_layer(suggest, SHAPE, narrow_or_wide)
    assert pattern.num_layers == 3
    assert {name.split(".")[0] for name in suggest.params} == {"layer0", "layer1", "layer2"}


def test_streaming_heads_see_sinks_and_recent_keys_the_query_included() -> None:
    suggest = RandomSuggester(0)
    assert draw_streaming(suggest, [4], [8]) == (Window(7), Global(4))
    assert suggest.params == {"num_sinks": 4, "recent_tokens": 8}
    assert draw_streaming(RandomSuggester(0), [0], [8]) == (Window(7),)


def test_a_conditional_parameter_is_suggested_only_where_it_matters() -> None:
    seen = set()
    for seed in range(10):
        suggest = RandomSuggester(seed)
        each_layer(suggest, SHAPE, narrow_or_wide)
        for layer in range(3):
            kind = suggest.params[f"layer{layer}.kind"]
            assert (f"layer{layer}.before" in suggest.params) == (kind == "window")
            seen.add(kind)
    assert seen == {"self", "window"}


def test_shared_layers_ask_once() -> None:
    suggest = RandomSuggester(0)
    pattern = each_layer(suggest, SHAPE, narrow_or_wide, share_layers=True)
    assert set(suggest.params) <= {"layers.kind", "layers.before"}
    assert len({layer.heads for layer in pattern.layers}) == 1


def test_a_layer_that_breaks_the_contract_is_named() -> None:
    with pytest.raises(PatternError, match=r"attend: must let every query see itself"):
        each_layer(RandomSuggester(0), SHAPE, lambda suggest: (HeadGroup(2, (Global(1),)),))


def test_scopes_nest() -> None:
    suggest = RandomSuggester(0)
    Integers(1, 3).draw(Scope("outer", Scope("inner", suggest)), "width")
    Choice((True, False)).draw(Scope("inner", suggest), "on")
    assert set(suggest.params) == {"inner.outer.width", "inner.on"}


def test_draws_come_from_the_options() -> None:
    assert {Choice((4, 16)).draw(RandomSuggester(seed), "width") for seed in range(20)} == {4, 16}
    assert {Integers(2, 4).draw(RandomSuggester(seed), "width") for seed in range(40)} == {2, 3, 4}


@pytest.mark.parametrize("options", [(), (1, 1)])
def test_a_choice_needs_distinct_options(options: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="options: must hold at least one value and none twice"):
        Choice(options)
    with pytest.raises(InputError, match="width: must hold"):
        require_options("width", options)


def test_a_range_needs_room() -> None:
    with pytest.raises(InputError, match=r"high: must be low \(3\) or more, got 2."):
        Integers(3, 2)
    with pytest.raises(InputError, match=r"low: must be 1 or more on a logarithmic scale, got 0."):
        Integers(0, 2, log=True)


def test_layers_are_told_apart_by_their_scopes() -> None:
    suggest = RandomSuggester(0)
    for layer in layer_scopes(suggest, SHAPE):
        Choice((1, 2)).draw(layer, "width")
    assert list(suggest.params) == ["layer0.width", "layer1.width", "layer2.width"]


@pytest.mark.parametrize(("num_second", "counts"), [(0, [4]), (1, [3, 1]), (4, [4])])
def test_heads_are_split_without_empty_groups(num_second: int, counts: list[int]) -> None:
    groups = split_heads(4, num_second, (Window(1),), (Window(2),))
    assert [group.count for group in groups] == counts
    assert groups[-1].attend == ((Window(2),) if num_second else (Window(1),))


def test_a_shape_gives_its_patterns_causality_and_grid() -> None:
    shape = Shape(num_layers=1, num_heads=2, num_tokens=6, causal=False, grid=(2, 3))
    pattern = each_layer(RandomSuggester(0), shape, narrow_or_wide, position="none")
    assert (pattern.causal, pattern.grid, pattern.position) == (False, (2, 3), "none")
    causal = Shape(num_layers=2, num_heads=2, num_tokens=6, causal=True)
    recurrent = causal.pattern([(HeadGroup(2, (Window(1),)),)] * 2, memory_tokens=[0, 5])
    assert [layer.memory_tokens for layer in recurrent.layers] == [0, 5]
