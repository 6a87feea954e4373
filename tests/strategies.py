"""Random patterns for property tests: a strategy for every primitive, and for what is built of them."""

from functools import cache

from hypothesis import settings
from hypothesis import strategies as st

from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import (
    PRIMITIVES,
    Block,
    Columns,
    ComputedPrimitive,
    Full,
    Global,
    LowRank,
    MaskPrimitive,
    Neighborhood,
    Primitive,
    Random,
    Select,
    Stride,
    Stripe,
    Tile,
    Window,
)
from nas.patterns.primitives.base import Grid

quick = settings(max_examples=40, derandomize=True, deadline=None, database=None)
"""The same examples in every run, however slow the machine."""

SPLITS = [(4,), (1, 3), (2, 2), (1, 2, 1)]
LENGTHS = st.integers(1, 25)
GRIDS = st.tuples(st.integers(1, 6), st.integers(1, 5))
GRID_KINDS = ("stripe", "tile", "neighborhood")
MASK_KINDS = tuple(kind for kind, made in PRIMITIVES.items() if issubclass(made, MaskPrimitive))


def integers(low: int, high: int) -> st.SearchStrategy[int]:
    """Small values, and now and then one far beyond any length that is tested."""
    return st.integers(low, high) | st.just(100)


def kinds(causal: bool) -> dict[str, st.SearchStrategy[MaskPrimitive]]:
    """A strategy for each mask; a new primitive is tested by all property tests once it is listed here."""
    odd = st.sampled_from([1, 3, 5, 101])
    return {
        "full": st.just(Full()),
        "window": st.builds(Window, integers(0, 9), integers(0, 5), integers(1, 5)),
        "global": st.builds(Global, integers(0, 5), st.just(0) if causal else integers(0, 4)),
        "stride": st.builds(Stride, integers(2, 9)),
        "columns": st.integers(2, 9).flatmap(
            lambda every: st.builds(Columns, st.just(every), st.integers(1, every - 1))
        ),
        "block": st.builds(Block, integers(1, 9), integers(0, 20)),
        "random": st.builds(Random, st.integers(1, 6), st.integers(1, 5), st.integers(0, 3)),
        "stripe": st.builds(Stripe, st.sampled_from(["row", "column"]), integers(1, 4)),
        "tile": st.builds(Tile, integers(1, 4), integers(1, 4), integers(0, 5), integers(0, 5)),
        "neighborhood": st.builds(Neighborhood, odd, odd),
    }


def computed(causal: bool) -> st.SearchStrategy[ComputedPrimitive]:
    """What computes instead of naming pairs."""
    return st.builds(Select, integers(1, 6), integers(1, 4)) if causal else st.builds(LowRank, integers(1, 6))


@cache
def primitives(causal: bool, grid: bool = False) -> st.SearchStrategy[MaskPrimitive]:
    """Any mask that needs no grid, or with `grid` any at all."""
    return st.one_of(*(strategy for kind, strategy in kinds(causal).items() if grid or kind not in GRID_KINDS))


@cache
def unions(causal: bool, grid: bool = False) -> st.SearchStrategy[tuple[MaskPrimitive, ...]]:
    """One to three masks, at least one of which shows every query itself."""
    selfish = primitives(causal, grid).filter(lambda primitive: primitive.shows_self)
    before, after = (st.lists(primitives(causal, grid), max_size=1) for _ in range(2))
    return st.builds(lambda some, one, others: (*some, one, *others), before, selfish, after)


def heads(grid: Grid = None) -> st.SearchStrategy[HeadPattern]:
    """Heads of masks, of both causalities, anywhere in a model."""
    return st.booleans().flatmap(
        lambda causal: st.builds(
            HeadPattern,
            unions(causal, grid is not None),
            st.just(causal),
            layer=st.integers(0, 3),
            head=st.integers(0, 3),
            grid=st.just(grid),
        )
    )


def head_cases(lengths: st.SearchStrategy[int] = LENGTHS) -> st.SearchStrategy[tuple[HeadPattern, int]]:
    """Heads of masks, with and without a grid, each with a length that fits."""
    on_a_grid = GRIDS.flatmap(lambda grid: st.tuples(heads(grid), st.just(grid[0] * grid[1])))
    return st.one_of(st.tuples(heads(), lengths), on_a_grid)


@st.composite
def patterns(draw: st.DrawFn, grid: Grid = None, computing: bool = False) -> ModelPattern:
    """Models of one to three layers with four heads each, built of one or two unions.

    With `computing` a union may be a computed primitive, and causal layers may have a memory.
    """
    causal = draw(st.booleans())
    groups: st.SearchStrategy[tuple[Primitive, ...]] = unions(causal, grid is not None)
    if computing:
        groups |= st.tuples(computed(causal))
    attend = st.sampled_from(draw(st.lists(groups, min_size=1, max_size=2)))
    layers = [
        tuple(HeadGroup(count, draw(attend)) for count in draw(st.sampled_from(SPLITS)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    memory = [draw(st.sampled_from([0, 0, 5])) if computing and causal else 0 for _ in layers]
    return ModelPattern.of(layers, causal=causal, grid=grid, memory_tokens=memory)


def pattern_cases(
    lengths: st.SearchStrategy[int] = LENGTHS, computing: bool = False
) -> st.SearchStrategy[tuple[ModelPattern, int]]:
    """Models with and without a grid, each with a length that fits."""
    on_a_grid = GRIDS.flatmap(lambda grid: st.tuples(patterns(grid, computing), st.just(grid[0] * grid[1])))
    return st.one_of(st.tuples(patterns(computing=computing), lengths), on_a_grid)


@st.composite
def decoder_patterns(draw: st.DrawFn, num_layers: int) -> ModelPattern:
    """Causal models of masks with four heads each, built of one to three unions."""
    attend = st.sampled_from(draw(st.lists(unions(causal=True), min_size=1, max_size=3)))
    layers = [
        tuple(HeadGroup(count, draw(attend)) for count in draw(st.sampled_from(SPLITS))) for _ in range(num_layers)
    ]
    return ModelPattern.of(layers)
