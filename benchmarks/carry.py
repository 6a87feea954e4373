"""By which rule sizes go to another length: shares of it or so many tokens, each judged by a larger model's ranking.

    nas table build tables/ladder/S-carry.jsonl --learning-rates 4e-3 preset=table space=benchmarks.carried:Carried
    python benchmarks/carry.py tables/ladder/S-carry.jsonl

Printed for each kind of size and each rung of the small proxy: Kendall's tau with the larger model's end, over all
patterns, by shares and by tokens, and the difference with its 90% interval over patterns drawn with replacement; as
measured, and as projected to 20 tokens a parameter, as `nas search` does. Then come windows one size up, and blocks,
which have tables of their own (benchmarks/block_sizes.py).
docs/transfer.md says what decides, and was written before any ranking was computed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from carried import CHOSEN, LARGER, OTHER, SHIPPED, small_forms
from transfer import Truth, projections_at, values_at, with_seeds
from two_rankings import compare

from nas.errors import NasError
from nas.ground_truth.file import Table, read_table
from nas.patterns.carry import carried
from nas.patterns.primitives.scale import CarryRules
from nas.patterns.stretch import stretched
from nas.space.space import Shape

LARGEST, AS_MANY_TOKENS = (SHIPPED.parent / "ladder" / f"{name}.jsonl" for name in ("L-plain", "M-tokens"))
"""Nine patterns of the largest size, and the same at the middle one with windows of as many tokens."""
BLOCKS = tuple(SHIPPED.parent / "ladder" / f"{name}.jsonl" for name in ("M-blocks", "S-blocks"))
"""Patterns of blocks at the middle size, and at the small one by either rule."""


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
                f"| {kind} | {changed} of {len(names)} | {rung:,} | {how} | {one.first:.2f} | {one.second:.2f} | "
                f"{one.difference} |"
            )
    return found


def largest_rows(large: Table, shares: Table, tokens: Table) -> list[str]:
    """Markdown: a row for each rung of the middle size, for windows alone.

    Args:
        large: the largest size.
        shares: the middle size with the same windows as shares of the length.
        tokens: with as many tokens, so that the patterns are the largest size's own.
    """
    truth = Truth.of(large)
    there = {entry.pattern.id: truth.counterpart(shares, entry) for entry in shares.plan.entries}
    found = []
    for rung in shares.plan.rungs:
        for how, at in (("measured", values_at), ("projected", projections_at)):
            by_shares = {there[name]: value for name, value in at(shares, rung).items()}
            by_tokens = at(tokens, rung)
            names = sorted(truth.values.keys() & by_shares.keys() & by_tokens.keys())
            if len(names) < len(truth.values):
                continue
            one = compare(*([values[name] for name in names] for values in (truth.values, by_shares, by_tokens)))
            found.append(
                f"| window, to {large.task.num_tokens} tokens, {truth.end:,} steps | {len(names)} | {rung:,} | {how} | "
                f"{one.first:.2f} | {one.second:.2f} | {one.difference} |"
            )
    return found


def block_rows(large: Table, small: Table) -> list[str]:
    """Markdown: a row for each rung of the small size, for blocks alone.

    Args:
        large: the larger size.
        small: the small one, which has every pattern of the larger one carried by either rule.
    """
    truth = Truth.of(large)
    forms = {rule: small_ids(large, small, CarryRules(block=rule)) for rule in ("share", "tokens")}
    names = sorted(truth.values)
    found = []
    for rung in small.plan.rungs:
        for how, at in (("measured", values_at), ("projected", projections_at)):
            known = at(small, rung)
            if not {ids[name] for ids in forms.values() for name in names} <= known.keys():
                continue
            one = compare(
                [truth.values[name] for name in names],
                *([known[ids[name]] for name in names] for ids in forms.values()),
            )
            found.append(
                f"| block, to {large.task.num_tokens} tokens, {truth.end:,} steps | {len(names)} | {rung:,} | {how} | "
                f"{one.first:.2f} | {one.second:.2f} | {one.difference} |"
            )
    return found


def small_ids(large: Table, small: Table, rules: CarryRules) -> dict[str, str]:
    """The ids of the larger size's patterns at the small one's length, by their ids in the larger."""
    found = {}
    for entry in large.plan.entries:
        pattern, _ = carried(entry.pattern, large.task.num_tokens, small.task.num_tokens, rules)
        found[entry.pattern.id] = stretched(pattern, small.proxy.num_layers, small.proxy.num_heads).id
    return found


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
        print("\n".join(largest_rows(*map(read_table, (LARGEST, LARGER[1], AS_MANY_TOKENS)))))
        print("\n".join(block_rows(*map(read_table, BLOCKS))))
    except NasError as error:
        print(f"carry.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
