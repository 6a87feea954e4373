"""The table of a front, for terminals and pipes."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from nas.report.fidelity import fidelity_in_brief, fidelity_lines
from nas.report.front_columns import GAP, Contents, Row
from nas.report.measured_costs import measured_cost_lines
from nas.report.study.verdict import against_baselines, best_compromise, headline, searched
from nas.report.style import ACCENT
from nas.results.front import Front

_BASELINES = "Baselines that are not on the front:"
_TRIAL, _PATTERN = "trial", "pattern"
_LEAST_LABEL_WIDTH = 16
"""Least width of labels next to the numbers; with less room, labels are placed below them."""
_HEADING_WIDTHS = (9, 15)
"""Width at which headings wrap: of `attention` above narrow cells if there is no unit, else of `(bits per byte)`."""
_PIPE_WIDTH = 120
"""Width where there is no terminal and COLUMNS says nothing."""


@dataclass(frozen=True, slots=True)
class _Column:
    """Right-aligned cells below a heading of one or more lines."""

    heading: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def width(self) -> int:
        return max(map(len, (*self.heading, *self.cells)), default=0)

    def lines(self, num_heading_lines: int) -> list[str]:
        """The heading, padded at the top to so many lines, and the cells, all of the same width."""
        free = ("",) * (num_heading_lines - len(self.heading))
        return [text.rjust(self.width) for text in (*free, *self.heading, *self.cells)]


@dataclass(frozen=True, slots=True)
class _Band:
    """Columns side by side: heading lines, and one line per row."""

    headings: list[str]
    rows: list[str]

    @classmethod
    def of(cls, columns: Sequence[_Column]) -> "_Band":
        most = max(len(column.heading) for column in columns)
        lines = [GAP.join(cells) for cells in zip(*(column.lines(most) for column in columns), strict=True)]
        return cls(lines[:most], lines[most:])


def print_front(front: Front, *, wide: bool = False) -> None:
    """Print the front to standard output.

    Args:
        front: the front of a study.
        wide: as plain lines with every column, of any width; else as a table of the terminal's width.
    """
    console = Console()
    if wide:
        print("\n".join(front_lines(front)))
    elif console.is_terminal:
        console.print(front_table(front, console.width))
    else:
        print(front_table(front, console.width if "COLUMNS" in os.environ else _PIPE_WIDTH).plain)


def front_table(front: Front, width: int) -> Text:
    """The reliability of the ranking, the points of a front, best quality first, and the baselines that are not on it.

    Numbers are never cut or wrapped: columns that do not fit move to a second table below the first. Labels wrap, and
    are placed next to the numbers or below them, whichever takes fewer lines.

    Args:
        front: the front of a study.
        width: width of the terminal, in columns.
    """
    contents = Contents(front, wide=False)
    points, baselines = contents.points(), contents.baselines()
    rows = [*points, *baselines]
    trials = _Column((_TRIAL,), tuple(row.trial for row in rows))
    first, *further = (_Band.of(columns) for columns in _bands(trials, _number_columns(contents, rows), width))
    lines = [Text(line, "bold") for line in wrap(_title(front), width)]
    lines += [Text(line) for sentence in _trust(front, wide=False) for line in wrap(sentence, width)]
    result, *others = _results(front)
    lines += [Text(line, "bold") for line in wrap(result, width)]
    lines += [Text(line) for sentence in others for line in wrap(sentence, width)]
    lines += [Text(), *_labelled(first, rows, len(points), trials.width, width, may_be_aside=not further)]
    for band in further:
        lines += [Text(), *_lines(band, [[] for _ in rows], len(points), indent=0)]
    lines += [Text(), *(Text(line, "dim") for note in contents.notes() for line in wrap(note, width))]
    return Text("\n").join(lines)


def front_lines(front: Front) -> list[str]:
    """All there is as plain lines, never cut or wrapped, for tools that read lines; labels come last."""
    contents = Contents(front, wide=True)
    rows = [
        [_TRIAL, *map(" ".join, contents.headings()), _PATTERN],
        *([row.trial, *row.numbers, row.label()] for row in [*contents.points(), *contents.baselines()]),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [GAP.join([*map(str.rjust, row[:-1], widths), row[-1]]) for row in rows]
    return [_title(front), *_trust(front, wide=True), *_results(front), *lines, *contents.notes()]


def _number_columns(contents: Contents, rows: Sequence[Row]) -> list[_Column]:
    return [
        _Column(_heading(parts, cells := tuple(row.numbers[place] for row in rows)), cells)
        for place, parts in enumerate(contents.headings())
    ]


def _heading(parts: Sequence[str], cells: Sequence[str]) -> tuple[str, ...]:
    narrow, usual = _HEADING_WIDTHS
    width = narrow if len(parts) == 1 and all(len(cell) <= narrow for cell in cells) else usual
    return tuple(line for part in parts for line in wrap(part, width, break_long_words=False))


def _bands(trials: _Column, columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """Columns in bands that fit the width, with at least one column each; every band begins with the trials."""
    band, used = [trials], trials.width
    for column in columns:
        if len(band) > 1 and used + len(GAP) + column.width > width:
            yield band
            band, used = [trials], trials.width
        band.append(column)
        used += len(GAP) + column.width
    yield band


def _labelled(
    band: _Band, rows: Sequence[Row], num_points: int, trial_width: int, width: int, *, may_be_aside: bool
) -> Iterator[Text]:
    """The band with the labels of its rows, next to the numbers or below them, whichever takes fewer lines."""
    below, beside = (indent + len(GAP) for indent in (trial_width, len(band.headings[0])))
    labels = [row.folded(width - below) for row in rows]
    if may_be_aside and width - beside >= _LEAST_LABEL_WIDTH:
        narrow = [row.folded(width - beside) for row in rows]
        if sum(map(len, narrow)) <= len(labels) + sum(map(len, labels)):
            heading = f"{band.headings[-1]}{GAP}{_PATTERN}"
            return _lines(_Band([*band.headings[:-1], heading], band.rows), narrow, num_points, beside, beside=True)
    headings = [*band.headings, " " * below + _PATTERN]
    return _lines(_Band(headings, band.rows), labels, num_points, below)


def _lines(
    band: _Band, labels: Sequence[list[str]], num_points: int, indent: int, *, beside: bool = False
) -> Iterator[Text]:
    """Headings, points, and after a separating line the baselines."""
    yield from (Text(line.rstrip(), "bold") for line in band.headings)
    yield Text("─" * max(map(len, band.headings)))
    for place, (numbers, folded) in enumerate(zip(band.rows, labels, strict=True)):
        on_front = place < num_points
        if place == num_points:
            yield Text(_BASELINES, "dim")
        first = GAP + folded[0] if beside else ""
        style = ACCENT if on_front else ""
        for own, label_part in [(numbers, first), *((" " * indent, line) for line in folded[1 if beside else 0 :])]:
            yield Text.assemble(own, (label_part, style), style="" if on_front else "dim")


def _trust(front: Front, *, wide: bool) -> list[str]:
    """How far ranking and counted costs can be trusted, which is read before what won; if not wide, in brief."""
    return [*(fidelity_lines if wide else fidelity_in_brief)(front), *measured_cost_lines(front)]


def _results(front: Front) -> list[str]:
    """The best point, what it gains over baselines, and what was searched, a sentence each."""
    best = best_compromise(front)
    return [headline(front), *(against_baselines(front, best) if best else ()), searched(front)]


def _title(front: Front) -> str:
    return f"Pareto front of {' '.join(front.study.split())}"
