"""The table of a front, for terminals and as plain text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from nas.patterns.label import label as pattern_label
from nas.patterns.label import label_lines
from nas.patterns.model import ModelPattern
from nas.report.fidelity import fidelity_lines
from nas.report.measured_costs import measured_cost_lines
from nas.report.objective_labels import best_first, label
from nas.report.quantities import format_quantity, format_ratio
from nas.report.style import ACCENT
from nas.results.front import Baseline, Front, FrontEntry
from nas.results.objective import Objective, Score

_ON_FRONT = "on front"
_ESTIMATE_NOTE = "± = what the runs of all patterns say of a quality, and how surely; measured = its own runs alone."
_PROJECTED_NOTE = (
    "projected = as longer training would have it, by the last two rungs; quality = as measured at the last one."
)
_ON_FRONT_NOTE = f"{_ON_FRONT} = probability of being on the front, given the noise of qualities; costs are exact."
_RATIO_NOTE = "x = share of full attention. Patterns are labelled as docs/patterns.md says: w16 is a window of 16 keys."
_EMPTY_NOTE = "No trial finished and kept the constraints."
_BASELINES = "Baselines that are not on the front:"
_TRIAL, _PATTERN, _MEASURED = "trial", "pattern", "measured"
_GAP = "  "
_LEAST_LABEL_WIDTH = 16
"""Least width of labels next to the numbers; with less room, labels are placed below them."""
_WIDEST_HEADING = 15
"""Width at which headings wrap: that of `(bits per byte)`."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One entry of the front: its trial, its numbers, and its pattern with the baseline's name."""

    trial: str
    numbers: tuple[str, ...]
    name: str
    pattern: ModelPattern

    def label(self) -> str:
        """Name and label on one line."""
        return _GAP.join(part for part in (self.name, pattern_label(self.pattern)) if part)

    def folded(self, width: int) -> list[str]:
        """Name and label on one line, or each wrapped to the width."""
        whole = self.label()
        lines = [whole] if len(whole) <= width else [self.name, *label_lines(self.pattern, width)]
        return [part for line in lines for part in wrap(line, width, break_on_hyphens=False)]


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
        lines = [_GAP.join(cells) for cells in zip(*(column.lines(most) for column in columns), strict=True)]
        return cls(lines[:most], lines[most:])


def print_front(front: Front) -> None:
    """Print the front to standard output: a table on a terminal, plain lines elsewhere."""
    console = Console()
    if console.is_terminal:
        console.print(front_table(front, console.width))
    else:
        print("\n".join(front_lines(front)))


def front_table(front: Front, width: int) -> Text:
    """The reliability of the ranking, the points of a front, best quality first, and the baselines that are not on it.

    Numbers are never cut or wrapped: columns that do not fit move to a second table below the first. Labels wrap, and
    are placed next to the numbers or below them, whichever takes fewer lines.

    Args:
        front: the front of a study.
        width: width of the terminal, in columns.
    """
    points, baselines = _point_rows(front), _baseline_rows(front)
    rows = [*points, *baselines]
    trials = _Column((_TRIAL,), tuple(row.trial for row in rows))
    first, *further = (_Band.of(columns) for columns in _bands(trials, _number_columns(front, rows), width))
    lines = [Text(line, "bold") for line in wrap(_title(front), width)]
    lines += [Text(line) for sentence in _sentences(front) for line in wrap(sentence, width)]
    lines += [Text(), *_labelled(first, rows, len(points), trials.width, width, may_be_aside=not further)]
    for band in further:
        lines += [Text(), *_lines(band, [[] for _ in rows], len(points), indent=0)]
    lines += [Text(), *(Text(line, "dim") for note in _notes(front) for line in wrap(note, width))]
    return Text("\n").join(lines)


def front_lines(front: Front) -> list[str]:
    """The same table as plain lines for pipes and logs, never cut or wrapped; labels come last."""
    points, baselines = _point_rows(front), _baseline_rows(front)
    rows = [
        [_TRIAL, *map(" ".join, _headings(front)), _PATTERN],
        *([row.trial, *row.numbers, row.label()] for row in [*points, *baselines]),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_GAP.join([*map(str.rjust, row[:-1], widths), row[-1]]) for row in rows]
    return [_title(front), *_sentences(front), *lines, *_notes(front)]


def _number_columns(front: Front, rows: Sequence[_Row]) -> list[_Column]:
    headings = [tuple(line for part in parts for line in wrap(part, _WIDEST_HEADING)) for parts in _headings(front)]
    return [_Column(heading, tuple(row.numbers[place] for row in rows)) for place, heading in enumerate(headings)]


def _bands(trials: _Column, columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """Columns in bands that fit the width, with at least one column each; every band begins with the trials."""
    band, used = [trials], trials.width
    for column in columns:
        if len(band) > 1 and used + len(_GAP) + column.width > width:
            yield band
            band, used = [trials], trials.width
        band.append(column)
        used += len(_GAP) + column.width
    yield band


def _labelled(
    band: _Band, rows: Sequence[_Row], num_points: int, trial_width: int, width: int, *, may_be_aside: bool
) -> Iterator[Text]:
    """The band with the labels of its rows, next to the numbers or below them, whichever takes fewer lines."""
    below, beside = (indent + len(_GAP) for indent in (trial_width, len(band.headings[0])))
    labels = [row.folded(width - below) for row in rows]
    if may_be_aside and width - beside >= _LEAST_LABEL_WIDTH:
        narrow = [row.folded(width - beside) for row in rows]
        if sum(map(len, narrow)) <= len(labels) + sum(map(len, labels)):
            heading = f"{band.headings[-1]}{_GAP}{_PATTERN}"
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
        first = _GAP + folded[0] if beside else ""
        style = ACCENT if on_front else ""
        for own, label_part in [(numbers, first), *((" " * indent, line) for line in folded[1 if beside else 0 :])]:
            yield Text.assemble(own, (label_part, style), style="" if on_front else "dim")


def _sentences(front: Front) -> list[str]:
    """How far the ranking and the counted costs can be trusted."""
    return [*fidelity_lines(front), *measured_cost_lines(front)]


def _title(front: Front) -> str:
    return f"Pareto front of {' '.join(front.study.split())}"


def _headings(front: Front) -> list[tuple[str, ...]]:
    """Headings of the numbers: names, with the unit if cells have none."""
    names = []
    for objective in front.objectives:
        names.append(_heading(objective, with_unit=_is_plain(objective)))
        names += [(_MEASURED,)] if _is_uncertain(front, objective) else []
    names += [(_ON_FRONT,)] if front.has_probabilities else []
    return [*names, *(_heading(score, with_unit=score.times == 1) for score in front.further_scores)]


def _heading(measured: Objective | Score, *, with_unit: bool) -> tuple[str, ...]:
    """A score at a longer length has the same unit as at the training length, and does not repeat it."""
    return (label(measured.name), f"({measured.unit})") if with_unit else (label(measured.name),)


def _point_rows(front: Front) -> list[_Row]:
    return [_row(point, front) for point in best_first(front.points, front.leading)]


def _baseline_rows(front: Front) -> list[_Row]:
    others = front.other_baselines
    ranked = best_first(others, front.leading)
    return [*(_row(entry, front) for entry in ranked), *(_unfinished(one, front) for one in others if not one.values)]


def _row(entry: FrontEntry, front: Front) -> _Row:
    cells = [cell for objective in front.objectives for cell in _cells(entry, objective, front)]
    if front.has_probabilities:
        cells.append("-" if entry.front_probability is None else f"{entry.front_probability:.0%}")
    scores = [entry.scores.get(score.name) for score in front.further_scores]
    cells += ["-" if score is None else f"{score:.3f}" for score in scores]
    return _Row(str(entry.trial), tuple(cells), entry.baseline or "", entry.pattern)


def _unfinished(entry: Baseline, front: Front) -> _Row:
    name = f"{entry.baseline} ({entry.state.value.replace('_', ' ')})"
    cells = ("-",) * len(_headings(front))
    return _Row(str(entry.trial), cells, name, entry.pattern)


def _cells(entry: FrontEntry, objective: Objective, front: Front) -> list[str]:
    """What the entry is worth in an objective; beside an estimate what was measured."""
    value = entry.values[objective.name]
    if not _is_plain(objective):
        ratio = entry.ratio(objective.name)
        shown = format_quantity(value, objective.unit)
        return [shown if ratio is None else f"{shown} {format_ratio(ratio):>5}"]
    if not _is_uncertain(front, objective):
        return [f"{entry.worth(objective.name):.3f}"]
    estimate = entry.estimates.get(objective.name)
    if estimate is None:
        return [f"{value:.3f}"] * 2
    return [f"{estimate.mean:.3f} ± {estimate.standard_deviation or 0:.3f}", f"{value:.3f}"]


def _is_uncertain(front: Front, objective: Objective) -> bool:
    """Whether the noise of an objective is known, so that its estimates are not what was measured."""
    own = [entry.estimates.get(objective.name) for entry in (*front.points, *front.baselines)]
    return any(estimate is not None and estimate.standard_deviation for estimate in own)


def _is_plain(objective: Objective) -> bool:
    """Whether the unit is in the heading; costs have theirs in each cell, with a prefix."""
    return objective.unit not in ("FLOP", "bytes", "parameters", "ms")


def _notes(front: Front) -> list[str]:
    """The meaning of the columns and short forms in the table."""
    notes = [] if front.points else [_EMPTY_NOTE]
    if any(_is_uncertain(front, objective) for objective in front.objectives):
        notes.append(_ESTIMATE_NOTE)
    if any(score.projected_to for score in front.scores):
        notes.append(_PROJECTED_NOTE)
    if front.has_probabilities:
        notes.append(_ON_FRONT_NOTE)
    return [*notes, _RATIO_NOTE] if front.points or front.other_baselines else notes
