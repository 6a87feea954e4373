"""The truth of a table: what every pattern is worth, and what each of its rungs shows to a search."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from replay import NearestPattern

from nas.costs.counting import count_cost
from nas.ground_truth.file import Table, read_table
from nas.search.problem.problem import Problem, make_problem
from nas.statistics.pareto import Point, hypervolume, nondominated
from nas.statistics.rank_agreement import kendall_tau
from search_methods.projections import with_projections
from search_methods.settings import study_settings
from search_methods.simulated import Scores, noise_of, scores_of, simulated

Values = tuple[float, float, float]
"""Quality, lower being better, and attention FLOPs and KV cache as shares of full attention."""
MARGIN = 0.1
"""How far the nadir reference lies beyond the true front, as a share of the front's range (Ishibuchi et al. 2018)."""


@dataclass(frozen=True)
class Truth:
    """What the table says of every pattern that it has whole.

    Args:
        values: by pattern id; quality is the mean over seeds, or what simulated scores scatter about.
        by_rung: quality by pattern id, seed and rung, lower being better.
        sign: -1 where the table's quality is to be maximised, so that it is negated here; else 1.
        seeds: of the table, or draws of its noise.
        rungs: of the table, in optimiser steps.
        step_flops: training FLOPs of one step, by pattern id.
    """

    values: dict[str, Values]
    by_rung: Scores
    sign: int
    seeds: tuple[int, ...]
    rungs: tuple[int, ...]
    step_flops: dict[str, float]

    @cached_property
    def front(self) -> tuple[str, ...]:
        """The patterns of the true front."""
        ids = list(self.values)
        return tuple(ids[index] for index in nondominated([self.values[identity] for identity in ids]))

    @cached_property
    def nadir(self) -> Point:
        """A little beyond the worst of every objective on the true front: tells good fronts apart."""
        columns = list(zip(*(self.values[identity] for identity in self.front), strict=True))
        return tuple(max(column) + MARGIN * (max(column) - min(column)) for column in columns)

    @cached_property
    def worst(self) -> Point:
        """The worst of every objective in the table, far beyond the front: any sparse patterns are worth much."""
        return tuple(max(column) for column in zip(*self.values.values(), strict=True))

    def tau(self, ranked: dict[str, float]) -> float | None:
        """Kendall's tau-b between some patterns' qualities, by id and lower being better, and the true ones."""
        return kendall_tau(list(ranked.values()), [self.values[identity][0] for identity in ranked])

    def share(self, chosen: Sequence[str], reference: Point | None = None) -> float:
        """Hypervolume of some patterns by their true values, as a share of the true front's; `nadir` by default."""
        return _share(self, frozenset(chosen), reference or self.nadir)

    def own_seed(self, seed: int) -> int:
        """The table's seed that a search with a seed of its own sees."""
        return self.seeds[seed % len(self.seeds)]

    def observed(self, identity: str, seed: int, rung: int) -> Values:
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

    def __hash__(self) -> int:
        return id(self)


@cache
def load(path: Path, num_draws: int = 0, *, project: bool = False) -> tuple[Table, Problem, Truth]:
    """A table, its problem, and its truth.

    Args:
        path: of the table.
        num_draws: draws of the table's noise that stand for its seeds; 0 for the seeds themselves, half of whose noise
            is in the truth when there are two.
        project: let searches see every score as `nas search` projects it; the truth stays.

    Raises:
        InputError: noise is to be drawn, and no seeds say how large it is.
    """
    table = read_table(path)
    problem = make_problem(study_settings(table, num_rungs=1))
    by_rung = scores_of(table)
    patterns = [entry.pattern for entry in table.plan.entries if _is_whole(entry.pattern.id, table, by_rung)]
    if num_draws:
        noise = noise_of(table, patterns, problem.features(patterns))
        table, true = simulated(table, patterns, noise, num_draws)
    else:
        last = table.plan.rungs[-1]
        true = {one.id: float(np.mean([by_rung[one.id, seed, last] for seed in table.plan.seeds])) for one in patterns}
    sign = 1 if table.task.direction == "minimize" else -1
    values = {}
    for pattern in patterns:
        ratio = problem.cost(pattern).ratio_to(problem.full_cost)
        values[pattern.id] = (sign * true[pattern.id], ratio["attention_flops"], ratio["kv_cache_bytes"])
    step_flops = {
        pattern.id: float(count_cost(pattern, problem.target).train_flops * table.training.batch_size)
        for pattern in patterns
    }
    if project:
        table = with_projections(table)
    by_rung = {key: sign * quality for key, quality in scores_of(table).items()}
    truth = Truth(values, by_rung, sign, tuple(table.plan.seeds), tuple(table.plan.rungs), step_flops)
    nearest = NearestPattern(problem.space, patterns, problem.features)
    return table, replace(problem, space=nearest, baselines={}), truth


def _is_whole(identity: str, table: Table, by_rung: Scores) -> bool:
    return all((identity, seed, rung) in by_rung for seed in table.plan.seeds for rung in table.plan.rungs)


@cache
def _share(truth: Truth, chosen: frozenset[str], reference: Point) -> float:
    whole = hypervolume([truth.values[identity] for identity in truth.front], reference)
    return hypervolume([truth.values[identity] for identity in sorted(chosen)], reference) / whole
