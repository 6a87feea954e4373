"""Worlds that whole studies are replayed in: the shipped table, parts of it, and a surrogate of the default space."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from replay import KnownPatterns, ReplayExecutor

from nas.config.load import load_settings
from nas.patterns.model import ModelPattern
from nas.search.problem.problem import Problem, make_problem
from nas.search.settings import StudySettings
from nas.space.random_suggester import RandomSuggester
from nas.statistics.pareto import Point, hypervolume, nondominated
from search_methods.settings import study_settings
from search_methods.surrogate import SurrogateExecutor, TableForest
from search_methods.truth import load

NARROWEST = 4
"""Keys of the first layer's narrowest window in the table; all good patterns have it."""
WIDER = 8
"""Keys of the first layer's narrowest window in the second world."""
WORLDS = ("table", "wider windows", "default space")
NUM_DRAWN = 3000
"""Random patterns of the default space whose front stands for its true front."""


@dataclass(frozen=True)
class World:
    """A space in which the quality of every pattern is known.

    Args:
        settings: of a study in it.
        problem: what they stand for.
        seeds: of the measurements.
        rungs: of the measurements, in optimiser steps, ascending.
        make_executor: from the world's seed by the study's.
        value: (quality, FLOPs share, KV cache share) of a pattern after the longest training, by one of the world's
            seeds, or by the mean of all for None.
        known: patterns whose front counts as the whole.
        exact: whether true values are free of noise.
        full_run_flops: training FLOPs of one full run of the table's mean pattern.
    """

    settings: StudySettings
    problem: Problem
    seeds: tuple[int, ...]
    rungs: tuple[int, ...]
    make_executor: Callable[[Mapping[int, int]], ReplayExecutor]
    value: Callable[[ModelPattern, int | None], Point]
    known: tuple[ModelPattern, ...]
    exact: bool
    full_run_flops: float

    def judge_of(self, seed: int) -> int | None:
        """Whose values judge a study: those of a seed that the search did not see, unless values are free of noise."""
        return None if self.exact else self.seed_of(seed, 1)

    def seed_of(self, seed: int, index: int) -> int:
        """The world's seed that stands for one of the seeds of a study, 0 being the search's own."""
        return self.seeds[(seed + index) % len(self.seeds)]

    def share(self, chosen: Sequence[ModelPattern], judge: int | None = None) -> float:
        """Hypervolume of some patterns by their true values, as a share of that of all known ones.

        Args:
            chosen: patterns.
            judge: the world's seed whose values count; None for the mean of all.
        """
        reference, whole = _whole(self, judge)
        return hypervolume([self.value(pattern, judge) for pattern in chosen], reference) / whole

    def front_share(self, qualities: Mapping[ModelPattern, float], judge: int | None = None) -> float:
        """What the front of some patterns is worth that lie on it by qualities that a search has of them."""
        patterns = list(qualities)
        points = [(qualities[pattern], *self.value(pattern, judge)[1:]) for pattern in patterns]
        return self.share([patterns[index] for index in nondominated(points)], judge)

    def __hash__(self) -> int:
        return id(self)


@cache
def _whole(world: World, judge: int | None) -> tuple[Point, float]:
    """The worst of every objective, and the hypervolume of all known patterns below it."""
    points = [world.value(pattern, judge) for pattern in world.known]
    reference = tuple(max(column) for column in zip(*points, strict=True))
    return reference, hypervolume([points[index] for index in nondominated(points)], reference)


@cache
def table_world(path: Path, least_window: int = NARROWEST) -> World:
    """The table, or a part of it: the patterns whose first layer's window is wide enough.

    Args:
        path: of the table.
        least_window: least keys of the first layer's window.
    """
    table, problem, truth = load(path)
    entries = [
        entry
        for entry in table.plan.entries
        if _first_window(entry.params) >= least_window and entry.pattern.id in truth.values
    ]

    def value(pattern: ModelPattern, judge: int | None) -> Point:
        quality, *costs = truth.values[pattern.id]
        return (quality if judge is None else truth.by_rung[pattern.id, judge, truth.rungs[-1]], *costs)

    ids = frozenset(entry.pattern.id for entry in entries)
    return World(
        settings=study_settings(table, num_rungs=2, num_steps=960),
        problem=replace(problem, space=KnownPatterns(problem.space, ids)),
        seeds=truth.seeds,
        rungs=truth.rungs,
        make_executor=lambda seeds: ReplayExecutor(table.rows, seeds, table.training, problem.target),
        value=value,
        known=tuple(entry.pattern for entry in entries),
        exact=False,
        full_run_flops=truth.full_run_flops,
    )


def _first_window(params: Mapping[str, object]) -> int:
    name = next(name for name in sorted(params) if name.endswith("window_tokens"))
    return int(str(params[name]))


@cache
def default_world(path: Path) -> World:
    """The problem of `make search`, baselines included, with qualities that a model of the table predicts."""
    table, _, truth = load(path)
    (settings,) = load_settings(["training.test_lengths=[]"])
    problem = make_problem(settings)
    forest = TableForest(table, truth, problem.features)

    def value(pattern: ModelPattern, judge: int | None) -> Point:
        shares = problem.cost(pattern).ratio_to(problem.full_cost)
        return (forest.mean(pattern)[-1], shares["attention_flops"], shares["kv_cache_bytes"])

    drawn = [problem.sample(RandomSuggester(seed)) for seed in range(NUM_DRAWN)]
    forest.predict(drawn)
    return World(
        settings=settings,
        problem=problem,
        seeds=tuple(range(1000)),
        rungs=truth.rungs,
        make_executor=lambda seeds: SurrogateExecutor(forest, seeds, table.training, problem.target),
        value=value,
        known=tuple({pattern.id: pattern for pattern in drawn}.values()),
        exact=True,
        full_run_flops=truth.full_run_flops,
    )


def world_of(name: str, path: Path) -> World:
    """One of WORLDS."""
    if name == "default space":
        return default_world(path)
    return table_world(path, WIDER) if name == "wider windows" else table_world(path)
