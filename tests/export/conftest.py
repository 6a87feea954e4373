"""Patterns and a front that the export tests share."""

import random
from collections.abc import Callable

import pytest

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import (
    Block,
    Columns,
    Full,
    Global,
    Neighborhood,
    Primitive,
    Random,
    Stride,
    Stripe,
    Tile,
    Window,
)
from nas.results.front import Estimate, Front, FrontPoint
from tests.fronts import FLOPS, QUALITY, make_baseline, make_front, make_pattern, make_point


def _primitive(rng: random.Random, causal: bool, on_grid: bool) -> Primitive:
    every = rng.randint(2, 9)
    flat = [
        Stripe(rng.choice(["row", "column"]), rng.randint(1, 4)),
        Tile(rng.randint(1, 4), rng.randint(1, 4), rng.randint(0, 3), rng.randint(0, 3)),
        Neighborhood(rng.choice([1, 3, 5]), rng.choice([1, 3, 5])),
    ]
    return rng.choice(
        [
            *(flat if on_grid else []),
            Full(),
            Window(rng.randint(0, 20), rng.randint(0, 9), rng.randint(1, 4)),
            Global(rng.randint(0, 5), 0 if causal else rng.randint(0, 5)),
            Stride(every),
            Columns(every, rng.randint(1, every - 1)),
            Block(rng.randint(1, 20), rng.randint(0, 30)),
            Random(rng.randint(1, 16), rng.randint(1, 4), rng.randint(0, 2**31 - 1)),
        ]
    )


def _pattern(rng: random.Random, causal: bool, grid: tuple[int, int] | None) -> ModelPattern:
    layers = []
    for _ in range(rng.randint(1, 3)):
        groups, free = [], 4
        while free:
            count = rng.randint(1, free)
            union = [_primitive(rng, causal, grid is not None) for _ in range(rng.randint(1, 4))]
            groups.append(HeadGroup(count, (*union, Window(rng.randint(0, 3)))))
            free -= count
        layers.append(tuple(groups))
    return ModelPattern.of(layers, causal=causal, grid=grid)


@pytest.fixture
def draw_pattern() -> Callable[..., ModelPattern]:
    """A random pattern of 4 heads by seed, over all masks; those of the plane only with a grid."""
    return lambda seed, causal, grid=None: _pattern(random.Random(seed), causal, grid)


def _point(trial: int, quality: float, flops: float, window: int) -> FrontPoint:
    pattern = make_pattern(Window(window))
    return make_point(
        trial,
        pattern=pattern,
        pattern_id=pattern.id,
        values={"quality": quality, "flops": flops},
        scores={"quality": quality},
        estimates={"quality": Estimate(mean=quality, standard_deviation=0.01)},
        spread={"quality": 0.01},
    )


@pytest.fixture
def front() -> Front:
    """Three points and a baseline; trial 5 is the knee."""
    wide = make_pattern(Window(63))
    full = make_baseline(
        pattern=wide,
        pattern_id=wide.id,
        values={"quality": 2.2, "flops": 200.0},
        scores={"quality": 2.2},
        spread={"quality": None},
    )
    return make_front(
        objectives=(QUALITY, FLOPS),
        points=(_point(3, 2.0, 100.0, 30), _point(5, 2.1, 30.0, 7), _point(12, 3.0, 10.0, 1)),
        baselines=(full,),
    )
