"""The patterns of two larger tables at a small proxy's length, with one kind of size carried by its other rule.

    nas table build tables/ladder/S-carry.jsonl --learning-rates 4e-3 preset=table space=benchmarks.carried:Carried

What it is for stands in benchmarks/carry.py, which judges the table. The shipped table has these patterns with windows
and global tokens as shares and strides as so many tokens, since that is how `space=tabular` chooses at both lengths.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from nas.ground_truth.file import read_table
from nas.patterns.carry import carried
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.scale import CarryRules
from nas.patterns.stretch import stretched
from nas.space.choices import Choice
from nas.space.space import Shape, Suggester

TABLES = Path(__file__).parents[1] / "tables"
LARGER = (TABLES / "ladder" / "M-drawn.jsonl", TABLES / "ladder" / "M-plain.jsonl")
SHIPPED = TABLES / "tabular-text.jsonl"
CHOSEN = CarryRules(window="share", first="share", stride="tokens")
"""How the sizes of one choice of `space=tabular` differ between the lengths of the two tables."""
OTHER: Mapping[str, CarryRules] = {
    "window": replace(CHOSEN, window="tokens"),
    "first": replace(CHOSEN, first="tokens"),
    "stride": replace(CHOSEN, stride="share"),
}
"""The rules with one kind of size the other way, by the kind."""


@dataclass(frozen=True, kw_only=True)
class Carried:
    """The patterns of the larger tables with one kind of size carried by its other rule, but those that are shipped."""

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from a suggested id, which is its own."""
        known = _shipped_ids()
        found = [form for kind in OTHER for form in small_forms(shape, kind).values() if form.id not in known]
        offered = {form.id: form for form in found}
        return offered[Choice(sorted(offered)).draw(suggest, "pattern")]


@cache
def _shipped_ids() -> frozenset[str]:
    return frozenset(entry.pattern.id for entry in read_table(SHIPPED).plan.entries)


@cache
def small_forms(shape: Shape, kind: str | None = None) -> Mapping[str, ModelPattern]:
    """The drawn patterns of the larger tables at a shape, by their ids in the larger model.

    Args:
        shape: of the small one.
        kind: of size that is carried by its other rule, or None.
    """
    rules = CHOSEN if kind is None else OTHER[kind]
    found = {}
    for table in map(read_table, LARGER):
        for entry in table.plan.entries:
            if not entry.baseline:
                pattern, _ = carried(entry.pattern, table.task.num_tokens, shape.num_tokens, rules)
                found[entry.pattern.id] = stretched(pattern, shape.num_layers, shape.num_heads)
    return found
