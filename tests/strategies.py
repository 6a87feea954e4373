"""Random patterns for property tests: a strategy for every primitive, and for what is built of them."""

from functools import cache

from hypothesis import settings
from hypothesis import strategies as st

from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import PRIMITIVES, Block, Columns, Full, Global, Primitive, Random, Stride, Window

quick = settings(max_examples=40, derandomize=True, deadline=None, database=None)
"""The same examples in every run, however slow the machine."""

SPLITS = [(4,), (1, 3), (2, 2), (1, 2, 1)]
LENGTHS = st.integers(1, 25)


def integers(low: int, high: int) -> st.SearchStrategy[int]:
    """Small values, and now and then one far beyond any length that is tested."""
    return st.integers(low, high) | st.just(100)


def kinds(causal: bool) -> dict[str, st.SearchStrategy[Primitive]]:
    """A strategy for each kind; a new primitive is tested by all property tests once it is listed here."""
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
    }


@cache
def primitives(causal: bool) -> st.SearchStrategy[Primitive]:
    return st.one_of(*kinds(causal).values())


@cache
def unions(causal: bool) -> st.SearchStrategy[tuple[Primitive, ...]]:
    """One to three primitives, at least one of which shows every query itself."""
    selfish = st.one_of(*(strategy for kind, strategy in kinds(causal).items() if PRIMITIVES[kind].shows_self))
    before, after = (st.lists(primitives(causal), max_size=1) for _ in range(2))
    return st.builds(lambda some, one, others: (*some, one, *others), before, selfish, after)


def heads() -> st.SearchStrategy[HeadPattern]:
    """Heads of both causalities, anywhere in a model."""
    return st.booleans().flatmap(
        lambda causal: st.builds(
            HeadPattern, unions(causal), st.just(causal), layer=st.integers(0, 3), head=st.integers(0, 3)
        )
    )


@st.composite
def patterns(draw: st.DrawFn) -> ModelPattern:
    """Models of one to three layers with four heads each, built of one or two unions."""
    causal = draw(st.booleans())
    attend = st.sampled_from(draw(st.lists(unions(causal), min_size=1, max_size=2)))
    layers = [
        tuple(HeadGroup(count, draw(attend)) for count in draw(st.sampled_from(SPLITS)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    return ModelPattern.of(layers, causal=causal)
