import numpy as np
import pytest

from nas.errors import PatternError
from nas.patterns.primitives import Columns, ComputedPrimitive, MaskPrimitive, Primitive, Random, Select, Window
from nas.patterns.primitives.base import LARGEST, require_grid, require_int
from tests.patterns.primitives.drawn import error


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (2, "size: must be 3 or more, got 2."),
        (6, "size: must be 5 or less, got 6."),
        (True, "size: must be a whole number, got True."),
        (4.0, "size: must be a whole number, got 4.0."),
        ("4", "size: must be a whole number, got '4'."),
        (np.int64(4), "size: must be a whole number, got "),
    ],
)
def test_only_true_integers_in_range_pass(value, line):
    assert error(lambda: require_int("size", value, 3, at_most=5)).startswith(line)


def test_the_ends_of_the_range_pass():
    for value in (3, 4, 5):
        require_int("size", value, 3, at_most=5)
    require_int("size", LARGEST, 0)
    with pytest.raises(PatternError):
        require_int("size", LARGEST + 1, 0)


def test_products_of_the_largest_numbers_fit_in_64_bits():
    assert int(np.int64(LARGEST) * np.int64(LARGEST)) == LARGEST**2


def test_a_grid_is_required_where_a_kind_is_two_dimensional():
    require_grid("tile", (1, 1))
    line = "must be in a pattern with a grid, because tile is two-dimensional, got None."
    assert line in error(lambda: require_grid("tile", None))


def test_a_primitive_names_its_kind_and_every_parameter():
    assert Window(3).to_dict() == {"kind": "window", "before": 3, "after": 0, "dilation": 1}
    assert Random(8, 2).to_dict() == {"kind": "random", "block": 8, "blocks": 2, "seed": 0}


def test_a_primitive_that_says_nothing_else_means_itself_alone():
    columns, random = Columns(4, 1), Random(4, 1)
    assert columns.simplified(True) is columns and columns.span(True) is None
    assert Primitive.covers(random, Random(4, 1), True) and not Primitive.covers(random, columns, True)
    columns.needs(causal=False, grid=None)


def test_a_mask_that_shows_every_query_itself_covers_one_that_shows_no_more():
    alone = Window(0)
    assert MaskPrimitive.covers(Window(5), alone, True)
    assert not MaskPrimitive.covers(Columns(4, 1), alone, True)
    assert not MaskPrimitive.covers(Window(5), Select(4, 1), True)


@pytest.mark.parametrize("interface", [Primitive, MaskPrimitive, ComputedPrimitive])
def test_the_interfaces_cannot_be_made(interface):
    with pytest.raises(TypeError, match="abstract"):
        interface()
