"""A pattern at another length: shares of it stay, or tokens where a rule says so, and nothing is lost unsaid."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.errors import InputError, PatternError
from nas.patterns.carry import carried
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import (
    PRIMITIVES,
    Block,
    Columns,
    Full,
    Global,
    LowRank,
    Neighborhood,
    Primitive,
    Random,
    Select,
    Stride,
    Stripe,
    Tile,
    Window,
)
from nas.patterns.primitives.scale import CarryRules, Scale
from tests.strategies import patterns, quick


def alone(*attend: Primitive, causal: bool = True, grid: tuple[int, int] | None = None) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(4, attend),)], causal=causal, grid=grid)


ITSELF = Window(0)
DOUBLED = [
    ((Full(),), (Full(),)),
    ((Window(15),), (Window(31),)),
    ((Window(15, 0, 3),), (Window(31, 0, 3),)),
    ((ITSELF, Global(4)), (ITSELF, Global(4))),
    ((Block(16, 4),), (Block(32, 8),)),
    ((Random(8, 2, 5), ITSELF), (Random(16, 2, 5), ITSELF)),
    ((Select(8, 3),), (Select(16, 3),)),
    ((Stride(8), Columns(16, 2)), (Stride(16), Columns(32, 4))),
]


@pytest.mark.parametrize(("attend", "expected"), DOUBLED)
def test_by_default_sizes_keep_their_share_of_the_length(attend: tuple, expected: tuple) -> None:
    pattern, roundings = carried(alone(*attend), 128, 256)
    assert pattern == alone(*expected) and not roundings
    assert carried(pattern, 256, 128) == (alone(*attend), ())


def test_a_bidirectional_window_is_scaled_on_both_sides() -> None:
    pattern, _ = carried(alone(Window(8, 8), Global(2, 3), causal=False), 128, 512)
    assert pattern == alone(Window(32, 32), Global(2, 3), causal=False)
    assert carried(alone(LowRank(16, "layers"), causal=False), 128, 256)[0] == alone(
        LowRank(32, "layers"), causal=False
    )


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (CarryRules(window="tokens"), (Window(15), Global(4), Stride(32))),
        (CarryRules(first="share"), (Window(63), Global(16), Stride(32))),
        (CarryRules(stride="tokens"), (Window(63), Global(4), Stride(8))),
    ],
)
def test_every_kind_has_its_rule(rules: CarryRules, expected: tuple) -> None:
    assert carried(alone(Window(15), Global(4), Stride(8)), 128, 512, rules)[0] == alone(*expected)


def test_a_rule_that_a_kind_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match=r"^carry\.window: must be one of share, tokens, got 'period'"):
        CarryRules(window="period")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^carry\.layers: must be one of depth, period, ends, got 'share'"):
        CarryRules(layers="share")  # type: ignore[arg-type]


def test_memory_layers_heads_and_positions_are_carried_too() -> None:
    pattern = ModelPattern.of(
        [(HeadGroup(1, (Full(),)), HeadGroup(3, (Window(7),)))] * 2, position="relative", memory_tokens=[0, 32]
    )
    found, _ = carried(pattern, 128, 64)
    assert [layer.memory_tokens for layer in found.layers] == [0, 16]
    assert found.position == "relative" and found.layers[1].heads[1] == HeadGroup(3, (Window(3),))
    kept, _ = carried(pattern, 128, 64, CarryRules(memory="tokens"))
    assert [layer.memory_tokens for layer in kept.layers] == [0, 32]


def test_a_grid_keeps_its_proportions() -> None:
    attend = (Stripe("row", 2), Tile(2, 4, 1, 2), Neighborhood(3, 5))
    pattern, roundings = carried(alone(*attend, causal=False, grid=(8, 16)), 128, 512)
    expected = (Stripe("row", 4), Tile(4, 8, 2, 4), Neighborhood(5, 9))
    assert pattern == alone(*expected, causal=False, grid=(16, 32)) and not roundings
    assert carried(pattern, 512, 128)[0] == alone(*attend, causal=False, grid=(8, 16))


@pytest.mark.parametrize(("from_tokens", "to_tokens"), [(128, 256), (128, 129), (128, 2)])
def test_a_grid_that_has_no_such_length_is_refused(from_tokens: int, to_tokens: int) -> None:
    with pytest.raises(PatternError, match=rf"grid: must have a grid of the same proportions with {to_tokens} tokens"):
        carried(alone(Stripe("row", 5), causal=False, grid=(4, 32)), from_tokens, to_tokens)
    with pytest.raises(PatternError, match=r"grid: must have from_tokens \(64\) cells, got \[8, 16\]"):
        carried(alone(Stripe("row", 2), causal=False, grid=(8, 16)), 64, 256)


def test_what_was_rounded_is_said() -> None:
    pattern, (window, first) = carried(alone(Window(100), Global(3)), 128, 64, CarryRules(first="share"))
    assert pattern == alone(Window(50), Global(2))
    assert (window.where, window.size, window.exact, window.rounded) == (
        "layers[0].heads[0].attend[0].before",
        101,
        50.5,
        51,
    )
    assert (first.where, first.exact, first.rounded) == ("layers[0].heads[0].attend[1].first", 1.5, 2)


def test_what_would_come_to_nothing_is_refused() -> None:
    """Two keys is the narrowest window that reads anything but the token itself."""
    expected = (
        r"layers\[0\]\.heads\[0\]\.attend\[0\]\.before: must be 384 or more, to be 2 or more at 128 tokens, got 256"
    )
    with pytest.raises(PatternError, match=expected):
        carried(alone(Window(255)), 32768, 128)
    assert carried(alone(Window(383)), 32768, 128)[0] == alone(Window(1))
    with pytest.raises(PatternError, match=r"attend\[1\]\.first: must be 128 or more, to be 1 or more at 128"):
        carried(alone(ITSELF, Global(4)), 32768, 128, CarryRules(first="share"))


@pytest.mark.parametrize("length", [0, -1, 2**40])
def test_lengths_out_of_range_are_refused(length: int) -> None:
    with pytest.raises(InputError, match="to_tokens"):
        carried(alone(Full()), 128, length)
    with pytest.raises(InputError, match="from_tokens"):
        carried(alone(Full()), length, 128)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(InputError, match=r"carry\.window: must be one of share, tokens, got 'half'"):
        CarryRules(window="half")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", PRIMITIVES)
def test_every_primitive_says_how_it_is_scaled(kind: str) -> None:
    assert "scaled" in vars(PRIMITIVES[kind])


@quick
@given(patterns(), st.integers(1, 6))
def test_a_longer_sequence_and_back_is_the_identity(pattern: ModelPattern, times: int) -> None:
    """Whatever the sizes: a whole multiple rounds nothing, so what the shorter length can tell apart comes back."""
    n = pattern.grid[0] * pattern.grid[1] if pattern.grid else 1024
    longer, rules = n * (times**2), CarryRules(first="share")
    up, roundings = carried(pattern, n, longer, rules)
    assert not roundings
    assert carried(up, longer, n, rules) == (pattern, ())


def test_columns_must_leave_others() -> None:
    with pytest.raises(PatternError, match=r"attend\[1\]\.width: must be less than 2 at 64 tokens, got 2"):
        carried(alone(ITSELF, Columns(4, 3)), 128, 64)


def test_global_tokens_must_leave_others() -> None:
    with pytest.raises(PatternError, match=r"attend\[1\]\.first: must be less than 128 at 128 tokens, got 1024"):
        carried(alone(ITSELF, Global(1024)), 32768, 128)


@quick
@given(st.integers(1, 400), st.integers(2, 2**14), st.integers(2, 2**14))
def test_a_size_is_at_most_half_a_token_from_its_rule(tokens: int, from_tokens: int, to_tokens: int) -> None:
    scale = Scale(from_tokens, to_tokens, CarryRules(), causal=True)
    exact = Fraction(tokens * to_tokens, from_tokens)
    if exact >= Fraction(1, 2):
        assert abs(scale.size("window", "before", tokens) - exact) <= Fraction(1, 2)
        assert bool(scale.roundings) == (exact.denominator != 1)
    else:
        with pytest.raises(PatternError):
            scale.size("window", "before", tokens)
