"""The summary of a table, against plain sums over its rows."""

import json
from dataclasses import replace
from itertools import combinations
from statistics import fmean, stdev

import pytest
from msgspec import structs
from scipy.stats import kendalltau

from nas.ground_truth.file import Table
from nas.ground_truth.summary import TableSummary, summarize
from nas.results.measurement import Outcome
from nas.search.problem.problem import Problem
from nas.statistics.rank_agreement import kendall_tau_interval
from tests.tiny_table import RATES

SEEDS = 3


def qualities(table: Table, rung: int) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {}
    for row in table.rows:
        if not row.sweep and row.step == rung and row.quality is not None:
            found.setdefault(row.pattern_id, {})[row.seed] = row.quality
    return found


def part(table: Table, num_rows: int) -> Table:
    return replace(table, rows=table.rows[:num_rows])


def test_rungs_are_counted_and_measured(wide_table: Table) -> None:
    for rung in summarize(wide_table).rungs:
        own = qualities(wide_table, rung.rung)
        means = [fmean(values.values()) for values in own.values()]
        assert (rung.num_trainings, rung.num_patterns, rung.num_diverged) == (27 * SEEDS, 27, 0)
        assert (rung.best, rung.worst) == (max(means), min(means))  # recall is to be maximised
        assert rung.spread == pytest.approx(stdev(means))
        assert rung.noise == pytest.approx(fmean(stdev(values.values()) ** 2 for values in own.values()) ** 0.5)
        tied = [abs(one - other) < 2 * rung.noise for one, other in combinations(means, 2)]
        assert rung.share_tied == pytest.approx(fmean(tied))


def test_rankings_are_compared_with_the_last_rung(wide_table: Table) -> None:
    first, last = summarize(wide_table).rungs
    here, there = qualities(wide_table, 4), qualities(wide_table, 8)
    ids = sorted(here)
    columns = [[fmean(side[pattern].values()) for pattern in ids] for side in (here, there)]
    assert first.tau == pytest.approx(kendalltau(*columns).statistic)
    assert first.num_compared == 27
    assert (last.tau, last.tau_interval and last.tau_interval.low, last.regret) == (1, 1, 0)
    chosen = ids[columns[0].index(max(columns[0]))]
    assert first.regret == pytest.approx(max(columns[1]) - fmean(there[chosen].values()))
    in_order = [[-value for value in column] for column in columns]
    interval = kendall_tau_interval(*in_order)
    assert first.tau_interval is not None and interval is not None
    assert first.tau_interval.low == pytest.approx(interval.low, abs=0.1)  # the order of patterns moves the draws
    assert first.tau_interval.low < first.tau < first.tau_interval.high

    def between(one: dict[str, dict[int, float]], seed: int, other: dict[str, dict[int, float]], another: int) -> float:
        return float(kendalltau([one[p][seed] for p in ids], [other[p][another] for p in ids]).statistic)

    pairs = [(a, b) for a in range(SEEDS) for b in range(SEEDS) if a != b]
    assert first.tau_between_seeds == pytest.approx(fmean(between(here, a, here, b) for a, b in pairs))
    assert first.tau_other_seed == pytest.approx(fmean(between(here, a, there, b) for a, b in pairs))
    assert last.tau_other_seed == pytest.approx(last.tau_between_seeds)


def test_pairs_inside_bands_are_compared_separately(wide_table: Table) -> None:
    here, there = qualities(wide_table, 4), qualities(wide_table, 8)
    bands = {entry.pattern.id: entry.band for entry in wide_table.plan.entries}
    agreeing = []
    for one, other in combinations(sorted(here), 2):
        if bands[one] == bands[other]:
            steps = [fmean(side[one].values()) - fmean(side[other].values()) for side in (here, there)]
            agreeing.append(1 if steps[0] * steps[1] > 0 else -1)
    assert summarize(wide_table).rungs[0].tau_within_bands == pytest.approx(fmean(agreeing))


def test_bands_show_the_sweep_and_the_rate_that_was_taken(wide_table: Table) -> None:
    summary = summarize(wide_table)
    assert [band.name for band in summary.bands] == ["below 0.25", "0.25 to 0.5", "0.5 or more"]
    for band in summary.bands:
        members = {entry.pattern.id for entry in wide_table.plan.entries if entry.band == band.band}
        assert band.num_patterns == len(members)
        swept = {
            rate: [
                row.quality
                for row in wide_table.rows
                if row.sweep and row.pattern_id in members and row.learning_rate == rate
            ]
            for rate in RATES
        }
        assert {one.learning_rate: one.quality for one in band.swept} == {
            rate: pytest.approx(fmean(values)) for rate, values in swept.items()
        }
        best = max(band.swept, key=lambda one: one.quality or 0)
        assert band.learning_rates == (best.learning_rate,)
        means = [
            fmean(fmean(own.values()) for p, own in qualities(wide_table, r).items() if p in members) for r in (4, 8)
        ]
        assert band.qualities == pytest.approx(means)


def test_what_was_spent_counts_every_trunk_once(wide_table: Table, wide_problem: Problem) -> None:
    flops = {entry.pattern.id: wide_problem.cost(entry.pattern).train_flops for entry in wide_table.plan.entries}
    # Batches of 4. A walk: 4 steps to the first rung, and 5 from step 3, where its branch began, to the second.
    walks = sum(flops.values()) * SEEDS * 4 * (4 + 5)
    sweeps = sum(flops[row.pattern_id] for row in wide_table.rows if row.sweep) * 4 * 4
    summary = summarize(wide_table)
    assert summary.train_flops == walks + sweeps
    assert summary.num_steps == 27 * SEEDS * 9 + 3 * 2 * 2 * 4
    # The pretended runs take one second per step.
    assert summary.wall_hours == pytest.approx(summary.num_steps / 3600)


@pytest.mark.parametrize("num_rows", [0, 1, 5, 12, 13, 14, 20, 66, 70, 120])
def test_an_unfinished_table_is_summarised_as_far_as_it_goes(wide_table: Table, num_rows: int) -> None:
    unfinished = part(wide_table, num_rows)
    summary = summarize(unfinished)
    assert (summary.num_rows, summary.total_rows) == (num_rows, 3 * 2 * 2 + 27 * SEEDS * 2)
    num_ended = len(qualities(unfinished, 8))
    assert all(rung.num_compared == num_ended for rung in summary.rungs)
    assert bool(summary.front) == (num_ended > 0)
    assert (summary.rungs[0].regret is None) == (num_ended == 0)
    assert summary.rungs[-1].noise is None or num_rows > 66  # the second seed comes after all of the first
    json.dumps(summary.to_dict(), allow_nan=False)


def test_seeds_are_paired_before_rungs_are_compared(wide_table: Table) -> None:
    """A seed that has only the first rung yet must not move it against the last."""
    rows = [row for row in wide_table.rows if row.sweep or row.seed == 0 or row.step == 4]
    one_seed = [row for row in rows if row.sweep or row.seed == 0]
    some, one = (summarize(replace(wide_table, rows=tuple(own))) for own in (rows, one_seed))
    assert some.rungs[0].tau == one.rungs[0].tau
    assert some.rungs[0].noise is not None and one.rungs[0].noise is None


def test_what_diverged_is_counted_and_left_out(wide_table: Table) -> None:
    def diverge(index: int) -> None:
        rows[index] = structs.replace(rows[index], outcome=Outcome.DIVERGED, quality=None, train_loss=None)

    rows = list(wide_table.rows)
    swept = next(index for index, row in enumerate(rows) if row.sweep)
    diverge(swept)
    last = [index for index, row in enumerate(rows) if not row.sweep and row.step == 8][:2]
    for index in last:
        diverge(index)
    summary = summarize(replace(wide_table, rows=tuple(rows)))
    assert (summary.rungs[-1].num_diverged, summary.rungs[-1].num_trainings) == (2, 27 * SEEDS - 2)
    rate = rows[swept].learning_rate
    assert None in [one.quality for band in summary.bands for one in band.swept if one.learning_rate == rate]


def test_a_summary_is_json(wide_table: Table) -> None:
    summary = summarize(wide_table)
    document = json.loads(json.dumps(summary.to_dict(), allow_nan=False))
    assert document["schema"] == "nas.table_summary/1"
    assert document["rungs"][0]["tau"] == summary.rungs[0].tau
    assert document["rungs"][0]["tau_interval"].keys() == {"low", "high"}
    assert document["bands"][0]["swept"][0].keys() == {"learning_rate", "quality"}
    assert isinstance(summary, TableSummary)
