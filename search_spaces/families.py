"""The families that compete in `everything`; each draws its own parameters for the union of a head group."""

from collections.abc import Callable
from dataclasses import dataclass

from nas.patterns.primitives import Block, Columns, Full, LowRank, Neighborhood, Random, Select, Stride, Stripe, Tile
from nas.patterns.primitives.stripe import AXES
from nas.space.choices import Choice, Union
from nas.space.needs import ANYTHING, Needs
from nas.space.scaling import (
    first_tokens,
    global_counts,
    odd_at_most,
    powers,
    random_block,
    rank_counts,
    root_strides,
    window_of,
    window_widths,
)
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of attention.

    Args:
        draw: the union of a head group from its suggestions.
        needs: the shapes that it fits.
    """

    draw: Callable[[Suggester, Shape], Union]
    needs: Needs


def _full(suggest: Suggester, shape: Shape) -> Union:
    return (Full(),)


def _window(suggest: Suggester, shape: Shape) -> Union:
    width = Choice(window_widths(shape)).draw(suggest, "window_tokens")
    dilation = Choice([1, 2, 4]).draw(suggest, "dilation")
    num_global = Choice(global_counts(shape)).draw(suggest, "num_global_tokens")
    return window_of(width, causal=shape.causal, dilation=dilation), *first_tokens(num_global)


def _block(suggest: Suggester, shape: Shape) -> Union:
    return (Block(Choice(window_widths(shape)).draw(suggest, "block_tokens")),)


def _strided(suggest: Suggester, shape: Shape) -> Union:
    stride = Choice(root_strides(shape)).draw(suggest, "stride_tokens")
    return window_of(stride, causal=shape.causal), Stride(stride)


def _fixed(suggest: Suggester, shape: Shape) -> Union:
    stride = Choice(root_strides(shape)).draw(suggest, "stride_tokens")
    summary = max(1, stride // Choice([2, 4, 8]).draw(suggest, "summary_part"))
    return Block(stride), Columns(stride, summary)


def _random(suggest: Suggester, shape: Shape) -> Union:
    block = random_block(shape)
    width = block * Choice([1, 3, 5]).draw(suggest, "num_window_blocks")
    num_random = Choice([1, 3, 5]).draw(suggest, "num_random_blocks")
    num_global = block // shape.grain * Choice([0, 1, 2]).draw(suggest, "num_global_blocks")
    return window_of(width, causal=shape.causal), *first_tokens(num_global), Random(block, num_random)


def _select(suggest: Suggester, shape: Shape) -> Union:
    block = Choice(root_strides(shape)).draw(suggest, "block_tokens")
    return (Select(block, Choice([1, 2, 4]).draw(suggest, "num_selected_blocks")),)


def _low_rank(suggest: Suggester, shape: Shape) -> Union:
    return (LowRank(Choice(rank_counts(shape)).draw(suggest, "rank")),)


def _stripe(suggest: Suggester, shape: Shape) -> Union:
    widths = powers(2, 1, max(1, max(_grid(shape)) // 2))
    return (Stripe(Choice(AXES).draw(suggest, "axis"), Choice(widths).draw(suggest, "stripe_width")),)


def _tile(suggest: Suggester, shape: Shape) -> Union:
    size = Choice(powers(2, 2, max(2, *_grid(shape)))).draw(suggest, "region_side")
    shift = size // 2 if Choice([False, True]).draw(suggest, "shifted") else 0
    return (Tile(size, size, shift, shift),)


def _neighborhood(suggest: Suggester, shape: Shape) -> Union:
    sides = list(range(3, odd_at_most(max(_grid(shape))) + 1, 2))
    size = Choice(sides).draw(suggest, "box_side")
    return (Neighborhood(size, size),)


def _grid(shape: Shape) -> tuple[int, int]:
    assert shape.grid is not None, "the family's needs include a grid"
    return shape.grid


FAMILIES: dict[str, Family] = {
    "full": Family(_full, ANYTHING),
    "window": Family(_window, ANYTHING),
    "block": Family(_block, ANYTHING),
    "strided": Family(_strided, ANYTHING),
    "fixed": Family(_fixed, ANYTHING),
    "random": Family(_random, ANYTHING),
    "select": Family(_select, Needs(causal=True)),
    "low_rank": Family(_low_rank, Needs(causal=False)),
    "stripe": Family(_stripe, Needs(grid=True)),
    "tile": Family(_tile, Needs(grid=True)),
    "neighborhood": Family(_neighborhood, Needs(grid=True)),
}
"""Every family by name."""
