import pytest

from nas.errors import PatternError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Random, Window
from nas.patterns.stretch import stretched

WIDTHS = ModelPattern.of([(HeadGroup(1, (Window(layer),)), HeadGroup(1, (Full(),))) for layer in range(3)])


def windows(pattern: ModelPattern) -> list[int]:
    """The width in the first head of each layer."""
    return [layer.heads[0].attend[0].before for layer in pattern.layers]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("num_layers", "taken"),
    [(6, [0, 0, 1, 1, 2, 2]), (4, [0, 0, 1, 2]), (2, [0, 1]), (1, [0]), (3, [0, 1, 2])],
)
def test_each_layer_attends_as_the_one_at_its_proportional_place(num_layers: int, taken: list[int]) -> None:
    pattern = stretched(WIDTHS, num_layers, 2)
    assert windows(pattern) == taken
    assert pattern.num_layers == num_layers


@pytest.mark.parametrize(
    ("num_layers", "taken"), [(6, [0, 1, 2, 0, 1, 2]), (7, [0, 1, 2, 0, 1, 2, 0]), (2, [0, 1]), (3, [0, 1, 2])]
)
def test_layers_that_repeat_come_in_turn(num_layers: int, taken: list[int]) -> None:
    assert windows(stretched(WIDTHS, num_layers, 2, "period")) == taken


@pytest.mark.parametrize(
    ("num_layers", "taken"), [(6, [0, 1, 1, 1, 1, 2]), (4, [0, 1, 1, 2]), (2, [0, 2]), (1, [0]), (3, [0, 1, 2])]
)
def test_the_first_and_the_last_layer_may_be_apart(num_layers: int, taken: list[int]) -> None:
    assert windows(stretched(WIDTHS, num_layers, 2, "ends")) == taken


def test_two_layers_have_none_between_their_ends() -> None:
    two = stretched(WIDTHS, 2, 2)
    with pytest.raises(PatternError, match=r"^layers: must have 3 layers or more for the rule ends.*, got 2\."):
        stretched(two, 6, 2, "ends")


@pytest.mark.parametrize(("num_heads", "local"), [(8, 4), (3, 2), (1, 1)])
def test_heads_keep_their_shares(num_heads: int, local: int) -> None:
    layer = stretched(WIDTHS, 3, num_heads).layers[0]
    assert layer.num_heads == num_heads
    assert layer.heads[0].count == local


def test_a_model_of_the_same_size_gets_the_pattern_itself() -> None:
    assert stretched(WIDTHS, 3, 2) is WIDTHS


def test_a_whole_multiple_repeats_the_masks() -> None:
    mask = stretched(WIDTHS, 6, 4).mask(3, 10)
    assert (mask == WIDTHS.mask(1, 10).repeat(2, axis=0)).all()


def test_causality_and_tokens_are_kept() -> None:
    pattern = ModelPattern.of([(HeadGroup(2, (Window(3, 3), Random(4, 1))),)], causal=False)
    larger = stretched(pattern, 2, 4)
    assert not larger.causal
    assert {group.attend for layer in larger.layers for group in layer.heads} == {(Window(3, 3), Random(4, 1))}
