"""Every pattern of a space, against plain loops over its options."""

from dataclasses import replace
from itertools import product

import pytest

from nas.errors import InputError, PatternError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.search_spaces.local_global import LocalGlobal
from nas.search_spaces.tabular import Tabular
from nas.space.choices import Choice
from nas.space.enumerate import MOST_COMBINATIONS, every_pattern
from nas.space.random_suggester import RandomSuggester
from nas.space.scaling import window_of
from nas.space.space import Shape, Suggester

SHAPE = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True)


def pattern(*windows: int, sinks: int = 0) -> ModelPattern:
    parts = (Global(sinks),) if sinks else ()
    return SHAPE.pattern([(HeadGroup(4, (window_of(width, causal=True), *parts)),) for width in windows])


def test_all_combinations_come_in_the_order_of_the_options() -> None:
    def sample(suggest: Suggester) -> ModelPattern:
        first = Choice((2, 4, 8)).draw(suggest, "first")
        return pattern(first, suggest.integer("second", 3, 5))

    listed = list(every_pattern(sample))
    expected = list(product((2, 4, 8), (3, 4, 5)))
    assert [(params["first"], params["second"]) for params, _ in listed] == expected
    assert [made for _, made in listed] == [pattern(*widths) for widths in expected]


def test_what_is_asked_may_depend_on_what_came_before() -> None:
    def sample(suggest: Suggester) -> ModelPattern:
        if Choice(("full", "local")).draw(suggest, "kind") == "full":
            return SHAPE.pattern([(HeadGroup(4, (Full(),)),)] * 2)
        width = Choice((2, 4)).draw(suggest, "width")
        return pattern(width, width, sinks=suggest.integer("sinks", 0, width // 2))

    listed = [params for params, _ in every_pattern(sample)]
    assert listed == [
        {"kind": "full"},
        *({"kind": "local", "width": 2, "sinks": sinks} for sinks in (0, 1)),
        *({"kind": "local", "width": 4, "sinks": sinks} for sinks in (0, 1, 2)),
    ]


def test_equal_patterns_come_once_with_their_first_values() -> None:
    def sample(suggest: Suggester) -> ModelPattern:
        Choice(("a", "b")).draw(suggest, "ignored")
        return pattern(Choice((2, 4)).draw(suggest, "width"), 4)

    assert [params["ignored"] for params, _ in every_pattern(sample)] == ["a", "a"]


def test_patterns_that_differ_in_which_head_has_a_mask_are_two_where_heads_have_weights() -> None:
    narrow, full = HeadGroup(2, (window_of(2, causal=True),)), HeadGroup(2, (Full(),))

    def sample(suggest: Suggester) -> ModelPattern:
        groups = (narrow, full) if Choice(("last", "first")).draw(suggest, "full") == "last" else (full, narrow)
        return SHAPE.pattern([groups] * 2)

    weighted = replace(SHAPE, weighted=True)
    assert len(list(every_pattern(sample))) == 1
    assert [params["full"] for params, _ in every_pattern(sample, weighted.identity)] == ["last", "first"]


def test_a_name_that_is_asked_for_again_has_the_value_it_had() -> None:
    def sample(suggest: Suggester) -> ModelPattern:
        return pattern(*(Choice((2, 4)).draw(suggest, "width") for _ in range(2)))

    assert [made for _, made in every_pattern(sample)] == [pattern(2, 2), pattern(4, 4)]


def test_values_that_make_no_pattern_are_passed_over() -> None:
    def sample(suggest: Suggester) -> ModelPattern:
        width = Choice((2, 4, 8)).draw(suggest, "width")
        if width == 4:
            raise PatternError("width", "must not be 4", width)
        return pattern(width, width)

    assert [params["width"] for params, _ in every_pattern(sample)] == [2, 8]


def test_a_space_that_never_ends_is_refused() -> None:
    def sample(suggest: Suggester) -> ModelPattern:
        for index in range(14):
            Choice((0, 1)).draw(suggest, f"bit{index}")
        return pattern(2, 2)

    with pytest.raises(InputError, match=r"^space: must have at most 10,000 combinations to be listed"):
        list(every_pattern(sample))


def test_a_range_of_billions_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="1,000,000,000 values of width"):
        list(every_pattern(lambda suggest: pattern(suggest.integer("width", 1, 10**9, log=True), 2)))
    assert MOST_COMBINATIONS < 10**6


def test_a_space_that_changes_its_mind_is_named() -> None:
    calls = iter(range(100))

    def sample(suggest: Suggester) -> ModelPattern:
        return pattern(Choice((2, 4, 8) if next(calls) < 1 else (2,)).draw(suggest, "width"), 2)

    with pytest.raises(InputError, match=r"^space parameter width: must offer the same options"):
        list(every_pattern(sample))


@pytest.mark.parametrize(("space", "count"), [(Tabular(), 147), (LocalGlobal(), 24)], ids=["tabular", "local_global"])
def test_random_samples_of_shipped_spaces_are_all_listed(space: Tabular | LocalGlobal, count: int) -> None:
    listed = {made.id for _, made in every_pattern(lambda suggest: space.sample(suggest, SHAPE))}
    assert len(listed) == count
    assert {space.sample(RandomSuggester(seed), SHAPE).id for seed in range(300)} <= listed


def test_the_values_make_the_pattern() -> None:
    for params, made in every_pattern(lambda suggest: Tabular().sample(suggest, SHAPE)):
        suggest = RandomSuggester(0)
        suggest.params = dict(params)
        assert Tabular().sample(suggest, SHAPE) == made


def test_the_tabular_space_has_the_same_choices_at_every_size() -> None:
    """A proxy of four layers and four times the length takes the window of each half in the same share."""
    larger = replace(SHAPE, num_layers=4, num_tokens=512)
    small = every_pattern(lambda suggest: Tabular().sample(suggest, SHAPE))
    large = every_pattern(lambda suggest: Tabular().sample(suggest, larger))
    for (params, _), (_, made) in zip(small, large, strict=True):
        widths = [int(params[f"{half}.window_tokens"]) for half in ("first_half", "second_half")]
        local = [layer.heads[0].attend[0] for layer in made.layers]
        assert local == [Full() if width == 128 else Window(4 * width - 1) for width in widths for _ in range(2)]
