"""The truth of a table: what every pattern is worth, and what each of its rungs shows to a search."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from replay import KnownPatterns

from nas.costs.counting import count_cost
from nas.ground_truth.file import Table, read_table
from nas.search.problem.problem import Problem, make_problem
from nas.statistics.pareto import hypervolume, nondominated
from nas.statistics.rank_agreement import kendall_tau
from search_methods.settings import study_settings


@dataclass(frozen=True)
class Truth:
    """What the table says of every pattern that it has whole.

    Args:
        values: (quality, FLOPs share, KV cache share) by pattern id, quality the mean over seeds.
        by_rung: quality by pattern id, seed and rung.
        seeds: of the table.
        rungs: of the table, in optimiser steps.
        step_flops: training FLOPs of one step, by pattern id.
        reference: the worst of every objective in the table.
    """

    values: dict[str, tuple[float, float, float]]
    by_rung: dict[tuple[str, int, int], float]
    seeds: tuple[int, ...]
    rungs: tuple[int, ...]
    step_flops: dict[str, float]
    reference: tuple[float, float, float]

    def tau(self, ranked: dict[str, float]) -> float | None:
        """Kendall's tau-b between some patterns' qualities, by id, and the true ones."""
        return kendall_tau(list(ranked.values()), [self.values[identity][0] for identity in ranked])

    def share(self, chosen: Sequence[str]) -> float:
        """Hypervolume of some patterns by their true values, as a share of that of all."""
        points = [self.values[identity] for identity in chosen]
        return hypervolume(points, self.reference) / _volume(tuple(self.values.values()), self.reference)

    def own_seed(self, seed: int) -> int:
        """The table's seed that a search with a seed of its own sees."""
        return self.seeds[seed % len(self.seeds)]

    def observed(self, identity: str, seed: int, rung: int) -> tuple[float, float, float]:
        """What a search with a seed of its own sees of a pattern at a rung."""
        return (self.by_rung[identity, self.own_seed(seed), rung], *self.values[identity][1:])

    def observed_front(self, ids: Sequence[str], seed: int, rung: int) -> list[str]:
        """The patterns that such a search would put on its front."""
        points = [self.observed(identity, seed, rung) for identity in ids]
        return [ids[index] for index in nondominated(points)]

    @property
    def full_run_flops(self) -> float:
        """Training FLOPs of one full run, mean over the patterns."""
        return float(np.mean([self.step_flops[identity] for identity in self.values])) * self.rungs[-1]


@cache
def load(path: Path, num_seeds: int | None) -> tuple[Table, Problem, Truth]:
    """The table, its problem, and its truth."""
    table = read_table(path)
    problem = make_problem(study_settings(table, num_rungs=1))
    rungs = tuple(table.plan.rungs)
    by_rung = {
        (row.pattern_id, row.seed, row.step): row.quality
        for row in table.rows
        if not row.sweep and row.quality is not None
    }
    seeds = tuple(table.plan.seeds)[:num_seeds]
    values = {}
    for entry in table.plan.entries:
        own = [by_rung.get((entry.pattern.id, seed, rungs[-1])) for seed in seeds]
        if all(value is not None for value in own):
            ratio = problem.cost(entry.pattern).ratio_to(problem.full_cost)
            quality = float(np.mean([value for value in own if value is not None]))
            values[entry.pattern.id] = (quality, ratio["attention_flops"], ratio["kv_cache_bytes"])
    reference = tuple(max(column) for column in zip(*values.values(), strict=True))
    step_flops = {
        entry.pattern.id: float(count_cost(entry.pattern, problem.target).train_flops * table.training.batch_size)
        for entry in table.plan.entries
    }
    truth = Truth(values, by_rung, seeds, rungs, step_flops, reference)
    known = KnownPatterns(problem.space, frozenset(values))
    return table, replace(problem, space=known, baselines={}), truth


@cache
def _volume(points: tuple[tuple[float, float, float], ...], reference: tuple[float, float, float]) -> float:
    return hypervolume([points[index] for index in nondominated(points)], reference)
