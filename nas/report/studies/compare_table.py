"""The comparison of studies, for terminals and pipes."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from nas.errors import printable
from nas.report.objective_labels import label
from nas.report.quantities import format_quantity
from nas.report.studies.side_by_side import Side, SideBySide
from nas.report.studies.standing import Standing
from nas.report.style import ACCENT
from nas.results.objective import Objective

MOST_LETTERS = 60
"""Longest value of a setting that is shown."""
_GAP, _INDENT = "  ", "    "


def compare_parts(compared: SideBySide, width: int) -> Iterator[RenderableType]:
    """Each study's share of the hypervolume, the joint front, and the settings that differ.

    Args:
        compared: the studies.
        width: most columns of sentences; tables fold.
    """
    for line in wrap(compared.obstacle, width):
        yield Text(line, "bold")
    yield _studies(compared)
    for line in wrap(_reference(compared), width):
        yield Text(line, "dim")
    yield from _fronts(compared, width)
    yield from _settings(compared)


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), show_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", min_width=max(map(len, heading.split()), default=0))
    return table


def _studies(compared: SideBySide) -> Table:
    table = _table("study", "points", "on joint front", "hypervolume", *_names(compared))
    for side in compared.sides:
        volume = "-" if side.volume is None else f"{side.volume:.1%}"
        on_joint = "-" if compared.obstacle else str(len(side.on_joint))
        numbers = _best(compared, side)
        table.add_row(*map(Text, (printable(side.name), str(len(side.points)), on_joint, volume, *numbers)))
    return table


def _names(compared: SideBySide) -> list[str]:
    return [" ".join(["best", *filter(None, _heading(one))]) for one in compared.objectives]


def _best(compared: SideBySide, side: Side) -> Iterator[str]:
    for one in compared.objectives:
        best = min(side.points, key=lambda point: one.sign * point.values[one.name], default=None)
        yield "-" if best is None else best.short(one)


def _reference(compared: SideBySide) -> str:
    if not compared.reference:
        return ""
    bound = ", ".join(
        f"{label(one.name)} {format_quantity(compared.reference[one.name], one.unit)}" for one in compared.objectives
    )
    return f"Hypervolume as a share of that of the joint front, below one reference: {bound}."


def _fronts(compared: SideBySide, width: int) -> Iterator[RenderableType]:
    """The joint front, or every front where they do not compare: numbers, and below them the label."""
    rows = compared.rows
    if not rows:
        return
    yield Text()
    yield Text("Every front:" if compared.obstacle else "The joint front, best first:", "bold")
    headings = [("study", ""), ("trial", ""), *(_heading(one) for one in compared.objectives)]
    cells = [_row(compared, side, point) for side, point in rows]
    widths = [max(map(len, column)) for column in zip(*zip(*headings, strict=True), *cells, strict=True)]
    yield from (Text(_aligned(line, widths), "bold") for line in zip(*headings, strict=True) if any(line))
    yield Text("─" * (sum(widths) + len(_GAP) * (len(widths) - 1)))
    for numbers, (_, point) in zip(cells, rows, strict=True):
        yield Text(_aligned(numbers, widths))
        folded = wrap(point.named_label, width - len(_INDENT), break_on_hyphens=False)
        yield from (Text(_INDENT + line, ACCENT) for line in folded)


def _heading(objective: Objective) -> tuple[str, str]:
    return label(objective.name), "" if objective.is_cost else f"({objective.unit})"


def _row(compared: SideBySide, side: Side, point: Standing) -> tuple[str, ...]:
    return printable(side.name), str(point.trial), *(point.short(one) for one in compared.objectives)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The name to the left, numbers to the right."""
    name, *numbers = cells
    return _GAP.join([name.ljust(widths[0]), *map(str.rjust, numbers, widths[1:])]).rstrip()


def _settings(compared: SideBySide) -> Iterator[RenderableType]:
    yield Text()
    if not compared.differences:
        yield Text("Their settings are the same.")
        return
    yield Text("Settings that differ:", "bold")
    table = _table("setting", *(printable(side.name) for side in compared.sides))
    for one in compared.differences:
        table.add_row(*map(Text, (printable(one.key), *map(_cut, one.values))))
    yield table


def _cut(value: str) -> str:
    text = printable(value)
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
