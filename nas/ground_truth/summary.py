"""The summary of a table: how well short runs rank as long ones, how large the noise is, and the true front."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, permutations
from statistics import fmean, stdev
from typing import Any

from threadpoolctl import threadpool_limits

from nas.ground_truth.file import Table
from nas.ground_truth.plan import band_name
from nas.ground_truth.qualities import Qualities
from nas.ground_truth.true_front import FrontPoint, costs_by_id, true_front
from nas.results.codec import to_document
from nas.results.table import Session, TableRow
from nas.statistics.rank_agreement import (
    Interval,
    kendall_tau,
    kendall_tau_interval,
    pooled_deviation,
    regret,
    share_tied,
)

SCHEMA = "nas.table_summary/1"
SAME_WITHIN = 2.0
"""Patterns closer in quality than this many standard deviations of the noise are called alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RungSummary:
    """The summary of one rung. Qualities are means over seeds, in the task's unit.

    Args:
        rung: in optimiser steps.
        num_trainings: training runs that finished.
        num_diverged: training runs that diverged.
        num_patterns: patterns with a run that finished.
        best: quality of the best pattern; None if there is none, as for all values below.
        worst: quality of the worst.
        noise: standard deviation between seeds, pooled over patterns.
        spread: standard deviation between patterns.
        share_tied: share of pairs of patterns that are closer than two standard deviations of the noise.
        num_compared: patterns that also have the last rung, over which the values below are computed.
        tau: tau-b with the last rung, of means over the same seeds.
        tau_interval: 95 % of bootstrap resamples of the patterns.
        tau_within_bands: the same over pairs inside a density band, which share a learning rate.
        tau_other_seed: mean tau-b of one seed here with another seed at the last rung.
        tau_between_seeds: mean tau-b between two seeds here: the most that a ranking by one seed can reach.
        regret: quality lost at the last rung by choosing the best of this rung.
    """

    rung: int
    num_trainings: int
    num_diverged: int
    num_patterns: int
    best: float | None
    worst: float | None
    noise: float | None
    spread: float | None
    share_tied: float | None
    num_compared: int
    tau: float | None
    tau_interval: Interval | None
    tau_within_bands: float | None
    tau_other_seed: float | None
    tau_between_seeds: float | None
    regret: float | None


@dataclass(frozen=True, slots=True)
class SweptRate:
    """A learning rate in the sweep of a band.

    Args:
        learning_rate: the learning rate.
        quality: mean over the patterns of the sweep; None while one is missing, or if one diverged.
    """

    learning_rate: float
    quality: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BandSummary:
    """A density band.

    Args:
        band: from 0 for the sparsest.
        name: its shares of full attention's FLOPs in words.
        num_patterns: patterns in the band.
        swept: the learning rates of the sweep with their qualities.
        learning_rates: learning rates that the patterns were trained with: one, or none yet.
        qualities: mean at each rung over the patterns that have the last rung; None if there are none.
    """

    band: int
    name: str
    num_patterns: int
    swept: tuple[SweptRate, ...]
    learning_rates: tuple[float, ...]
    qualities: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSummary:
    """Everything that `nas table show` prints.

    Args:
        unit: of qualities.
        direction: minimize or maximize.
        num_rows: rows in the file.
        total_rows: rows of the complete table.
        num_patterns: patterns of the complete table.
        seeds: of the complete table.
        rungs: one summary per rung, ascending.
        bands: one summary per density band, the sparsest first.
        front: the true front, best quality first.
        num_steps: optimiser steps spent.
        train_flops: floating point operations spent on training.
        wall_hours: hours of training, summed over runs, some of which may have run in parallel.
        sessions: machine and versions of every session in which it was built.
    """

    unit: str
    direction: str
    num_rows: int
    total_rows: int
    num_patterns: int
    seeds: tuple[int, ...]
    rungs: tuple[RungSummary, ...]
    bands: tuple[BandSummary, ...]
    front: tuple[FrontPoint, ...]
    num_steps: int
    train_flops: int
    wall_hours: float
    sessions: tuple[Session, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"schema": SCHEMA, **asdict(self), "sessions": to_document(self.sessions)}


def summarize(table: Table) -> TableSummary:
    """The summary of a table, complete or unfinished."""
    with threadpool_limits(1, user_api="blas"):  # waiting for threads takes longer than such small products
        return _summarize(table)


def _summarize(table: Table) -> TableSummary:
    qualities = Qualities(table)
    costs = costs_by_id(table)
    front = true_front(qualities, costs)
    steps = [table.plan.steps_of_row(row.step, table.training, sweep=row.sweep) for row in table.rows]
    spent = list(zip(table.rows, steps, strict=True))
    return TableSummary(
        unit=table.task.unit,
        direction=table.task.direction,
        num_rows=len(table.rows),
        total_rows=table.plan.num_rows,
        num_patterns=len(table.plan.entries),
        seeds=table.plan.seeds,
        rungs=tuple(_rung_summary(qualities, rung) for rung in table.plan.rungs),
        bands=tuple(_band_summary(qualities, band) for band in table.plan.bands),
        front=front,
        num_steps=sum(steps),
        train_flops=sum(costs[row.pattern_id].cost.train_flops * table.training.batch_size * own for row, own in spent),
        # A row's time covers its branch and the whole trunk before it; its own part is its share of the steps.
        wall_hours=sum(row.wall_seconds * own / row.step for row, own in spent) / 3600,
        sessions=table.sessions,
    )


def _rung_summary(qualities: Qualities, rung: int) -> RungSummary:
    own = [row for row in qualities.runs if row.step == rung]
    num_diverged = sum(row.quality is None for row in own)
    means = list(qualities.means(rung).values())
    ordered = sorted(means, key=lambda quality: qualities.sign * quality)
    noise = pooled_deviation(list(values.values()) for values in qualities.by_seed(rung).values())
    pairs = qualities.paired(rung)
    here, truth = [value for value, _ in pairs.values()], [value for _, value in pairs.values()]
    seeds, bands = qualities.table.plan.seeds, _bands(qualities.table)
    return RungSummary(
        rung=rung,
        num_trainings=len(own) - num_diverged,
        num_diverged=num_diverged,
        num_patterns=len(means),
        best=ordered[0] if ordered else None,
        worst=ordered[-1] if ordered else None,
        noise=noise,
        spread=stdev(means) if len(means) > 1 else None,
        share_tied=None if noise is None else share_tied(means, SAME_WITHIN * noise),
        num_compared=len(pairs),
        tau=kendall_tau(here, truth),
        tau_interval=kendall_tau_interval(here, truth),
        tau_within_bands=kendall_tau(here, truth, groups=[bands[pattern] for pattern in pairs]),
        tau_other_seed=_mean(qualities.tau_of_seeds(rung, a, qualities.last, b) for a, b in permutations(seeds, 2)),
        tau_between_seeds=_mean(qualities.tau_of_seeds(rung, a, rung, b) for a, b in combinations(seeds, 2)),
        regret=regret(truth, here) if pairs else None,
    )


def _band_summary(qualities: Qualities, band: int) -> BandSummary:
    table = qualities.table
    members = {pattern for pattern, own in _bands(table).items() if own == band}
    ended = members & qualities.by_seed(qualities.last).keys()
    rates = {row.learning_rate for row in qualities.runs if row.pattern_id in members}
    sweeps = [row for row in table.rows if row.sweep and row.pattern_id in members]
    return BandSummary(
        band=band,
        name=band_name(band),
        num_patterns=len(members),
        swept=tuple(SweptRate(rate, _swept_quality(table, sweeps, band, rate)) for rate in table.plan.learning_rates),
        learning_rates=tuple(sorted(rates)),
        qualities=tuple(
            _mean(quality for pattern, quality in qualities.means(rung).items() if pattern in ended)
            for rung in table.plan.rungs
        ),
    )


def _swept_quality(table: Table, sweeps: Sequence[TableRow], band: int, rate: float) -> float | None:
    shown = [row.quality for row in sweeps if row.learning_rate == rate]
    known = [quality for quality in shown if quality is not None]
    return fmean(known) if known and len(known) == len(table.plan.swept(band)) else None


def _bands(table: Table) -> dict[str, int]:
    return {entry.pattern.id: entry.band for entry in table.plan.entries}


def _mean(values: Iterable[float | None]) -> float | None:
    """The mean of the values that are not None; None if there are none."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
