"""The summary of a table, for a terminal and as plain text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from nas.ground_truth.summary import SAME_WITHIN, BandSummary, RungSummary, TableSummary
from nas.ground_truth.true_front import FrontPoint
from nas.report.quantities import format_quantity, format_ratio, format_seconds
from nas.results.table import Session

_ALIKE = "≈"
_GAP = 3
"""Columns between two columns of a table, as rich draws it."""
_RUNG_NOTES = (
    "noise: deviation between seeds; spread: between patterns; alike: pairs of patterns closer than 2 noises.",
    "tau: Kendall's tau-b with the last rung, means over the same seeds; 95 % of bootstrap resamples of the patterns.",
    "in bands: only pairs inside a density band. other seed: with another seed at the last. seeds: between seeds.",
    "regret: quality lost at the last rung by choosing the best of this one.",
)
_ALIKE_NOTE = f"{_ALIKE} cannot be told apart from the next point: noise between seeds explains the difference."
_SHARE_NOTE = "x = share of full attention."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One part of the summary: a table of texts.

    Args:
        title: above it.
        headings: one per column.
        rows: cells.
        notes: below it.
        left: indices of the columns of words, which are aligned left; the others hold numbers.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    left: tuple[int, ...] = ()


def summary_tables(name: str, summary: TableSummary, width: int) -> list[Table | Text]:
    """The parts of a summary, top to bottom; columns that do not fit the width follow in a further table.

    Args:
        name: what the table is called.
        summary: of a complete or an unfinished table.
        width: of the terminal, in columns.
    """
    parts = [_rich(one) for part in _parts(summary) for one in _fitting(part, width)]
    return [Text("\n".join(_about(name, summary))), *parts, Text("\n".join(["", *_totals(summary)]))]


def summary_lines(name: str, summary: TableSummary) -> list[str]:
    """The same as plain lines of text, never cut or wrapped, for pipes and logs."""
    lines = list(_about(name, summary))
    for part in _parts(summary):
        lines += ["", *_plain(part)]
    return [*lines, "", *_totals(summary)]


def _about(name: str, summary: TableSummary) -> list[str]:
    whole = summary.num_rows >= summary.total_rows
    seeds = ", ".join(map(str, summary.seeds))
    lines = [
        f"Table {name}: {summary.num_patterns} patterns, seeds {seeds}, "
        f"{summary.rungs[0].rung:,} to {summary.rungs[-1].rung:,} steps"
    ]
    if not whole:
        ended = f"{summary.rungs[-1].num_patterns} of {summary.num_patterns} patterns have the last rung"
        lines.append(f"Unfinished: {summary.num_rows:,} of {summary.total_rows:,} rows; {ended}.")
    return lines


def _parts(summary: TableSummary) -> list[_Part]:
    return [_rungs(summary), _bands(summary), _front(summary)]


def _totals(summary: TableSummary) -> list[str]:
    machines = dict.fromkeys(_machine(session) for session in summary.sessions)
    return [
        f"Spent: {summary.num_steps:,} optimiser steps, {format_quantity(summary.train_flops, 'FLOP')}, "
        f"{format_seconds(3600 * summary.wall_hours)} of training, summed over runs",
        *(f"Trained on {machine}" for machine in machines),
    ]


def _rungs(summary: TableSummary) -> _Part:
    headings = ("steps", "runs", "quality", "noise", "spread", "alike", "tau", "95 %", "in bands")
    diverged = sum(rung.num_diverged for rung in summary.rungs)
    return _Part(
        title=f"Rungs (quality in {summary.unit})",
        headings=(*headings, "other seed", "seeds", "regret"),
        rows=[_rung_row(rung) for rung in summary.rungs],
        notes=[*_RUNG_NOTES, *([f"{diverged} training runs diverged and are left out."] if diverged else [])],
    )


def _rung_row(rung: RungSummary) -> list[str]:
    interval = rung.tau_interval
    return [
        f"{rung.rung:,}",
        f"{rung.num_trainings}",
        "-" if rung.best is None else f"{rung.best:.3f} to {rung.worst:.3f}",
        _number(rung.noise, 4),
        _number(rung.spread, 4),
        "-" if rung.share_tied is None else f"{rung.share_tied:.0%}",
        _number(rung.tau, 2),
        "-" if interval is None else f"{interval.low:.2f} to {interval.high:.2f}",
        _number(rung.tau_within_bands, 2),
        _number(rung.tau_other_seed, 2),
        _number(rung.tau_between_seeds, 2),
        _number(rung.regret, 4),
    ]


def _bands(summary: TableSummary) -> _Part:
    rates = [f"{swept.learning_rate:g}" for swept in summary.bands[0].swept]
    steps = [f"at {rung.rung:,}" for rung in summary.rungs]
    return _Part(
        title=f"Density bands (shares of full attention's FLOPs; quality in {summary.unit})",
        headings=("band", "size", "rate", *rates, *steps),
        rows=[_band_row(band) for band in summary.bands],
        notes=[
            "rate: the learning rate chosen; then quality in the sweep by rate, and means of patterns with all rungs.",
            *_artefact_notes(summary.bands),
        ],
        left=(0,),
    )


def _band_row(band: BandSummary) -> list[str]:
    chosen = ", ".join(f"{rate:g}" for rate in band.learning_rates)
    swept = [_number(swept.quality, 4) for swept in band.swept]
    means = [_number(quality, 3) for quality in band.qualities]
    return [band.name, f"{band.num_patterns}", chosen or "-", *swept, *means]


def _artefact_notes(bands: Sequence[BandSummary]) -> list[str]:
    """Whether the ranking of bands could be an artefact of their learning rates."""
    rates = {rate for band in bands for rate in band.learning_rates}
    if len(rates) > 1:
        return ["Bands differ in learning rate, which may affect their ranking: compare tau with tau in bands."]
    return [
        f"All were trained with {rate:g}, so the learning rate does not affect the ranking of bands." for rate in rates
    ]


def _front(summary: TableSummary) -> _Part:
    noise = summary.rungs[-1].noise
    points = summary.front
    names = list(dict.fromkeys(name for point in points for name in point.params))
    rows = []
    for place, point in enumerate(points):
        following = points[place + 1] if place + 1 < len(points) else None
        alike = bool(noise and following and abs(point.quality - following.quality) < SAME_WITHIN * noise)
        rows.append(_point_row(point, names, alike))
    notes = [_ALIKE_NOTE] if any(row[0].startswith(_ALIKE) for row in rows) else []
    single = sum(point.num_seeds < len(summary.seeds) for point in points)
    last = summary.rungs[-1]
    shown = [name.replace(".", " ").replace("_", " ") for name in names]
    return _Part(
        title=f"True front at {last.rung:,} steps ({len(points)} of {last.num_patterns} patterns)",
        headings=("pattern", *shown, f"quality ({summary.unit})", "attention FLOPs", "KV cache"),
        rows=rows,
        notes=[*notes, _SHARE_NOTE, *([f"{single} of these have fewer seeds than planned."] if single else [])],
        left=(0,),
    )


def _point_row(point: FrontPoint, names: Sequence[str], alike: bool) -> list[str]:
    deviation = "" if point.deviation is None else f" ± {point.deviation:.3f}"
    return [
        f"{_ALIKE if alike else ''}{point.baseline or point.pattern_id}",
        *(str(point.params.get(name, "-")) for name in names),
        f"{point.quality:.3f}{deviation}",
        format_ratio(point.flops_share),
        format_ratio(point.kv_cache_share),
    ]


def _machine(session: Session) -> str:
    hardware = dict.fromkeys(word for word in (session.processor, session.machine, session.device) if word)
    return ", ".join([*hardware, f"python {session.python}", f"torch {session.torch}", f"nas {session.nas}"])


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _fitting(part: _Part, width: int) -> Iterator[_Part]:
    """The part as tables that fit the width: the first has the title, the last the notes, each the first column."""
    widths = [max(map(_cell_width, column)) for column in zip(part.headings, *part.rows, strict=True)]
    kept: list[list[int]] = [[0]]
    for column in range(1, len(widths)):
        used = sum(widths[one] for one in kept[-1]) + _GAP * len(kept[-1])
        if len(kept[-1]) > 1 and used + widths[column] > width:
            kept.append([0])
        kept[-1].append(column)
    for place, columns in enumerate(kept):
        yield _Part(
            title=part.title if place == 0 else "",
            headings=[part.headings[one] for one in columns],
            rows=[[row[one] for one in columns] for row in part.rows],
            notes=part.notes if columns is kept[-1] else (),
            left=part.left,
        )


def _cell_width(cell: str) -> int:
    """Headings break before their unit."""
    return max(map(len, cell.replace(" (", "\n(").split("\n")))


def _rich(part: _Part) -> Table:
    table = Table(
        title=Text(f"\n{part.title}" if part.title else ""),
        caption=Text("\n".join(part.notes)),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for column, heading in enumerate(part.headings):
        justify: Literal["left", "right"] = "left" if column in part.left else "right"
        heading_text = Text(heading.replace(" (", "\n("))
        table.add_column(heading_text, justify=justify, overflow="fold", no_wrap=column == 0)
    for row in part.rows:
        table.add_row(*map(Text, row))
    return table


def _plain(part: _Part) -> list[str]:
    cells = [part.headings, *part.rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(part.headings))]
    lines = [
        "  ".join(
            cell.ljust(width) if column in part.left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return [part.title, *lines, *part.notes]
