"""By which rule sizes go to another length: shares of it or so many tokens, each judged by a larger model's ranking.

    nas table build tables/ladder/S-carry.jsonl --learning-rates 4e-3 preset=table space=benchmarks.carried:Carried
    python benchmarks/carry.py tables/ladder/S-carry.jsonl

Printed for each kind of size and each rung of the small proxy: Kendall's tau with the larger model's end, over all
patterns, by shares and by tokens, and the difference with its 90% interval over patterns drawn with replacement; as
measured, and as projected to 20 tokens a parameter, as `nas search` does. docs/transfer.md says what decides, and was
written before any ranking was computed.
"""

import argparse
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from carried import CHOSEN, LARGER, OTHER, SHIPPED, small_forms
from numpy.typing import NDArray
from transfer import projections_at, values_at

from nas.errors import NasError
from nas.ground_truth.file import Table, read_table
from nas.space.space import Shape

Array = NDArray[np.float64]

DRAWS = 2_000
"""Resampled sets of patterns behind an interval."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The agreement of both rules with the larger model.

    Args:
        shares: Kendall's tau with sizes of this kind as shares of the length.
        tokens: with as many tokens.
        low, high: 90% interval of the difference, tokens less shares.
    """

    shares: float
    tokens: float
    low: float
    high: float


def compare(truth: Sequence[float], shares: Sequence[float], tokens: Sequence[float]) -> Comparison:
    """How well both rules rank as the larger model does.

    Args:
        truth: the larger model's qualities, one a pattern.
        shares: the small model's for the same patterns, with sizes as shares.
        tokens: with sizes in tokens.
    """
    orders = [np.sign(np.subtract.outer(values, values)) for values in map(np.asarray, (truth, shares, tokens))]
    draws = np.random.default_rng(0).integers(len(truth), size=(DRAWS, len(truth)))
    differences = [_taus(*(order[np.ix_(draw, draw)] for order in orders)) @ (-1, 1) for draw in draws]
    low, high = np.quantile(differences, (0.05, 0.95))
    by_shares, by_tokens = _taus(*orders).tolist()
    return Comparison(by_shares, by_tokens, float(low), float(high))


def _taus(truth: Array, *rules: Array) -> Array:
    """Kendall's tau-b of the larger model's order of all pairs, shape (n, n), with that by each rule."""
    agreement = [(truth * rule).sum() / np.sqrt((truth**2).sum() * (rule**2).sum()) for rule in rules]
    return np.array(agreement)


def rows(kind: str, shipped: Table, others: Table) -> list[str]:
    """Markdown: a row for each rung that both tables have, by the seeds that both have."""
    shape = Shape(
        num_layers=shipped.proxy.num_layers,
        num_heads=shipped.proxy.num_heads,
        num_tokens=shipped.task.num_tokens,
        causal=True,
    )
    chosen, other = small_forms(shape), small_forms(shape, kind)
    changed = sum(chosen[name].id != other[name].id for name in chosen)
    truth: dict[str, float] = {}
    for table in map(read_table, LARGER):
        truth |= values_at(table, table.plan.rungs[-1])
    found = []
    for rung in shipped.plan.rungs:
        for how, at in (("measured", values_at), ("projected", projections_at)):
            known = at(others, rung) | at(shipped, rung)
            names = [name for name in chosen if name in truth and {chosen[name].id, other[name].id} <= known.keys()]
            if len(names) < len(chosen):
                continue
            ours = [[known[forms[name].id] for name in names] for forms in (chosen, other)]
            one = compare([truth[name] for name in names], *(ours[::-1] if getattr(CHOSEN, kind) == "tokens" else ours))
            found.append(
                f"| {kind} | {changed} of {len(names)} | {rung:,} | {how} | {one.shares:.2f} | {one.tokens:.2f} | "
                f"{one.tokens - one.shares:+.2f} ({one.low:+.2f} to {one.high:+.2f}) |"
            )
    return found


def with_seeds(table: Table, seeds: Collection[int]) -> Table:
    """The table with the rows of some seeds alone: more of them on one side would make its ranking the better one."""
    kept = tuple(row for row in table.rows if row.seed in seeds)
    return replace(table, rows=kept)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the table of Carried")
    options = parser.parse_args(words)
    try:
        others = read_table(options.table)
        shipped = with_seeds(read_table(SHIPPED), others.plan.seeds)
        print("| size | patterns that it changes | steps | quality | tau by shares | by tokens | tokens less shares |")
        print("|---|---|---|---|---|---|---|")
        for kind in OTHER:
            print("\n".join(rows(kind, shipped, others)))
    except NasError as error:
        print(f"carry.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
