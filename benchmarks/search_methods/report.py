"""What searches came to, as Markdown tables."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from statistics import fmean

import numpy as np

from search_methods.catalog import ONE_AT_A_TIME, OPTIMISERS, at_horizon
from search_methods.search import Search, at, cost_of, interval, median_interval
from search_methods.truth import Truth

Searches = dict[str, list[Search]]
"""By method."""
BUDGETS = (1, 3, 10, 30)
"""In full runs."""
OTHERS = ("qNEHVI of BoTorch", "growing windows")
"""Methods at every horizon that are no samplers of a study."""
GOAL = 0.95
"""Share of the true hypervolume that a good front has."""


def costs(searches: Sequence[Search], truth: Truth, share: float = GOAL) -> list[float]:
    """Full runs after which each search stays above a share; infinite for those that do not."""
    return [cost_of(search.curve(truth.share), share) / truth.full_run_flops for search in searches]


def method_lines(searches: Searches, truth: Truth) -> Iterator[str]:
    """A row for every method: what it reaches for some budgets, and what 95% costs."""
    yield "Share of the true hypervolume after so many full runs, and at the end (mean and 95% interval over searches);"
    yield "at the end also below the worst of the table. Full runs until 95% is kept: median, with a 95% interval of"
    yield "the median; a dash where half of the searches do not get there. Kendall's tau-b between the final ranking of"
    yield "what was trained and the truth. Patterns chosen at the end, and processor time of all but training: means.\n"
    heads = ["method", "searches", *map(str, BUDGETS), "end", "end, worst", f"{GOAL:.0%}", "tau", "chosen", "CPU"]
    yield from table_lines(heads, ([name, *_cells(own, truth)] for name, own in searches.items()))
    yield ""
    yield f"Full runs until {GOAL:.0%} is kept, and the share at the end, by horizon in optimiser steps.\n"
    rows = [
        [name + (", projected" if project else ""), *_by_horizon(name, searches, truth, project=project)]
        for project in (False, True)
        for name in [*OPTIMISERS, *(f"{name}, one at a time" for name in ONE_AT_A_TIME), *OTHERS]
    ]
    yield from table_lines(["method", *(f"{rung:,}" for rung in truth.rungs)], (row for row in rows if any(row[1:])))


def rank_lines(tables: Sequence[tuple[Searches, Truth]]) -> Iterator[str]:
    """Mean rank of every method that all tables have, by the cost of 95% and then by the share at the end."""
    common = [name for name in tables[0][0] if all(name in searches for searches, _ in tables)]
    by_table = [ranks({name: searches[name] for name in common}, truth) for searches, truth in tables]
    yield f"Rank by the cost of {GOAL:.0%}, then by the share at the end; equal methods share one.\n"
    rows = [
        [name, f"{fmean(own[name] for own in by_table):.1f}", *(f"{own[name]:.1f}" for own in by_table)]
        for name in common
    ]
    heads = ["method", "mean rank", *(f"table {number}" for number in range(1, len(tables) + 1))]
    yield from table_lines(heads, sorted(rows, key=lambda row: float(row[1])))


def ranks(searches: Searches, truth: Truth) -> dict[str, float]:
    """The rank of every method on one table, 1 for the best; methods that are level share the mean of their ranks."""
    worth = {
        name: (median_interval(costs(own, truth))[0], -fmean(truth.share(search.moments[-1].ids) for search in own))
        for name, own in searches.items()
    }
    found: dict[str, float] = {}
    for _, group in groupby(sorted(worth, key=lambda name: worth[name]), key=lambda name: worth[name]):
        names = list(group)
        found |= dict.fromkeys(names, len(found) + (len(names) + 1) / 2)
    return found


def _cells(searches: Sequence[Search], truth: Truth) -> list[str]:
    curves = [search.curve(truth.share) for search in searches]
    cells = [str(len(searches))]
    for budget in (*BUDGETS, math.inf):
        cells.append(_spread(interval([at(curve, budget * truth.full_run_flops) for curve in curves])))
    cells.append(f"{fmean(truth.share(search.moments[-1].ids, truth.worst) for search in searches):.3f}")
    cells.append(_cost(costs(searches, truth)))
    taus = [search.tau for search in searches if search.tau is not None]
    cells.append(f"{fmean(taus):.2f}" if taus else "-")
    cells.append(f"{np.mean([search.num_chosen[-1] for search in searches]):.0f}")
    cells.append(f"{fmean(search.cpu_seconds for search in searches):.1f} s")
    return cells


def _by_horizon(name: str, searches: Searches, truth: Truth, *, project: bool) -> list[str]:
    cells = []
    for rung in truth.rungs:
        own = searches.get(at_horizon(name, rung, project=project), [])
        ends = [truth.share(search.moments[-1].ids) for search in own]
        cells.append(f"{_cost(costs(own, truth))}; {fmean(ends):.3f}" if own else "")
    return cells


def _cost(values: Sequence[float]) -> str:
    middle, low, high = (f"{value:.2f}" if math.isfinite(value) else "-" for value in median_interval(values))
    return f"{middle} ({low} to {high})"


def _spread(values: tuple[float, float, float]) -> str:
    middle, low, high = values
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def table_lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table."""
    yield "| " + " | ".join(heads) + " |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
