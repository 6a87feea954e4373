"""The true front of a table: the patterns that no other one dominates."""

import random
from dataclasses import replace
from statistics import fmean, stdev

import pytest
from msgspec import structs

from nas.ground_truth.file import Table
from nas.ground_truth.qualities import Qualities
from nas.ground_truth.true_front import costs_by_id, true_front
from nas.results.table import TableRow
from nas.search.problem.problem import Problem
from nas.statistics.pareto import dominates


def _last(table: Table) -> dict[str, list[float]]:
    """Qualities at the last rung by pattern, over seeds."""
    found: dict[str, list[float]] = {}
    for row in table.rows:
        if not row.sweep and row.step == table.plan.rungs[-1] and row.quality is not None:
            found.setdefault(row.pattern_id, []).append(row.quality)
    return found


@pytest.fixture(scope="module")
def table(wide_table: Table) -> Table:
    """The same with noisy qualities that rise with the cost, so that the front has several points."""
    noise, costs = random.Random(0), costs_by_id(wide_table)

    def priced(row: TableRow) -> TableRow:
        share = costs[row.pattern_id].shares["attention_flops"]
        return structs.replace(row, quality=share + noise.gauss(0, 0.05))

    return replace(wide_table, rows=tuple(map(priced, wide_table.rows)))


def test_costs_are_those_of_a_study_with_the_proxy_as_its_target(wide_table: Table, wide_problem: Problem) -> None:
    costs = costs_by_id(wide_table)
    assert costs.keys() == {entry.pattern.id for entry in wide_table.plan.entries}
    for entry in wide_table.plan.entries:
        cost = wide_problem.cost(entry.pattern)
        assert costs[entry.pattern.id].cost == cost
        assert costs[entry.pattern.id].shares == cost.ratio_to(wide_problem.full_cost)


def test_the_front_is_what_nothing_dominates(table: Table) -> None:
    costs, last = costs_by_id(table), _last(table)
    points = {
        pattern: (-fmean(own), costs[pattern].shares["attention_flops"], costs[pattern].shares["kv_cache_bytes"])
        for pattern, own in last.items()
    }
    best = {p for p, point in points.items() if not any(dominates(other, point) for other in points.values())}
    front = true_front(Qualities(table), costs)
    assert {point.pattern_id for point in front} == best and 3 < len(best) < len(points)
    params = {entry.pattern.id: entry.params for entry in table.plan.entries}
    for point in front:
        assert (-point.quality, point.flops_share, point.kv_cache_share) == pytest.approx(points[point.pattern_id])
        assert point.deviation == pytest.approx(stdev(last[point.pattern_id]))
        assert (point.num_seeds, point.params) == (3, params[point.pattern_id])


def test_the_best_quality_comes_first_in_either_direction(table: Table) -> None:
    costs = costs_by_id(table)
    header = table.header
    for direction in ("maximize", "minimize"):
        task = structs.replace(header.task, direction=direction)
        other = replace(table, header=structs.replace(header, task=task))
        front = [point.quality for point in true_front(Qualities(other), costs)]
        assert front == sorted(front, reverse=direction == "maximize")


def test_a_single_seed_has_no_deviation_and_a_pattern_without_the_last_rung_is_left_out(table: Table) -> None:
    known = set(list(_last(table))[:5])
    rows = tuple(row for row in table.rows if row.seed == 0 and (row.step == 4 or row.pattern_id in known))
    front = true_front(Qualities(replace(table, rows=rows)), costs_by_id(table))
    assert {point.pattern_id for point in front} <= known
    assert {(point.deviation, point.num_seeds) for point in front} == {(None, 1)}


def test_before_the_last_rung_there_is_no_front(table: Table) -> None:
    rows = tuple(row for row in table.rows if row.step == 4)
    assert true_front(Qualities(replace(table, rows=rows)), costs_by_id(table)) == ()
