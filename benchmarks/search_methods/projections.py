"""Tables whose scores are projected as `nas search` projects them, so that any method can be made to rank by that."""

from collections.abc import Mapping
from dataclasses import replace

from msgspec import structs

from nas.costs.parameters import target_parameters
from nas.ground_truth.file import Table
from nas.proxy.training.schedule import branch_start
from nas.results.table import TableRow
from nas.search.scoring.projection import projected
from nas.search.settings import StudySettings

Qualities = Mapping[tuple[str, int, int], float]
"""By pattern id, seed and rung."""


def horizon(table: Table) -> int:
    """The length to which `nas search` projects by default, in optimiser steps."""
    proxy = table.proxy.target(table.task.num_tokens, table.task.vocab_size)
    tokens = StudySettings().project_to * target_parameters(proxy)
    return round(tokens / (table.training.batch_size * table.task.num_tokens))


def with_projections(table: Table) -> Table:
    """The table with every score projected from its rung and the one below; those of the first rung as measured."""
    below, steps = _rungs_below(table), horizon(table)
    known = {(row.pattern_id, row.seed, row.step): row.quality for row in table.rows if not row.sweep}

    def ahead(row: TableRow) -> TableRow:
        shorter = below.get(row.step)
        before = known.get((row.pattern_id, row.seed, shorter)) if shorter else None
        if row.sweep or shorter is None or before is None or row.quality is None:
            return row
        return structs.replace(row, quality=projected((shorter, before), (row.step, row.quality), steps))

    return replace(table, rows=tuple(ahead(row) for row in table.rows))


def projection_overhead(table: Table, rung: int) -> float:
    """What a run to a rung costs that is scored at the rung below too, whose branch it takes, as a multiple of one."""
    shorter = _rungs_below(table).get(rung)
    return 1.0 if shorter is None else (rung + shorter - branch_start(shorter, table.training)) / rung


def _rungs_below(table: Table) -> Mapping[int, int]:
    rungs = table.plan.rungs
    return dict(zip(rungs[1:], rungs, strict=False))
