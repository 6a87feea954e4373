"""What no search can beat on a table: the fewest patterns that make a good front, and what scores can tell."""

from collections.abc import Iterator
from itertools import combinations

from search_methods.report import GOAL, table_lines
from search_methods.search import interval
from search_methods.truth import Truth


def fewest(truth: Truth, share: float = GOAL) -> tuple[str, ...]:
    """The smallest set of patterns that reaches a share of the true hypervolume; among several, the cheapest to train.

    Patterns that are not on the true front are not needed: what dominates one is worth as much.
    """
    for count in range(1, len(truth.front) + 1):
        sets = [ids for ids in combinations(truth.front, count) if truth.share(ids) >= share]
        if sets:
            return min(sets, key=lambda ids: sum(truth.step_flops[identity] for identity in ids))
    raise AssertionError("the true front is worth everything")


def ceiling(truth: Truth, rung: int) -> list[float]:
    """What choosing the front of all patterns by their scores at a rung is worth, for every seed."""
    ids = list(truth.values)
    return [truth.share(truth.observed_front(ids, seed, rung)) for seed in range(len(truth.seeds))]


def floor_lines(truth: Truth) -> Iterator[str]:
    """A row for every rung: what a run costs, what the fewest patterns cost, and what all patterns' scores reach."""
    needed = fewest(truth)
    step_flops = sum(truth.step_flops[identity] for identity in needed)
    yield f"{len(needed)} patterns reach {GOAL:.0%} if they are known before; costs in full runs. All: the front by the"
    yield "scores of all patterns at a rung, which no search can be expected to beat without a model.\n"
    rows = []
    for rung in truth.rungs:
        mean, low, high = interval(ceiling(truth, rung))
        cells = [f"{rung:,}", f"{rung / truth.rungs[-1]:.3f}", f"{step_flops * rung / truth.full_run_flops:.2f}"]
        rows.append([*cells, f"{mean:.3f} ({low:.3f} to {high:.3f})"])
    yield from table_lines(["steps", "one run", f"{len(needed)} patterns", "all, share"], rows)
