"""The front as a table, for a terminal and for plain text."""

from collections.abc import Mapping
from typing import Any, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from nas.report.fidelity import fidelity_lines
from nas.report.objectives import best_first, label, leading_objective, ratio_to_full
from nas.report.quantities import format_quantity, format_ratio
from nas.search.front import further_scores

_ALIKE = "≈"
_ALIKE_NOTE = f"{_ALIKE} cannot be told apart from the next point: noise between seeds explains the difference."
_RATIO_NOTE = "x = share of full attention."
_NAME_COLUMN = 1
_EMPTY_NOTE = "No trial finished and kept the constraints."


def front_table(front: Mapping[str, Any]) -> Table:
    """What the ranking is worth, the points of a front, best quality first, then the baselines that are not on it.

    Args:
        front: content of front.json.
    """
    rows = _point_rows(front)
    table = Table(
        title=Text("\n".join([_title(front), *fidelity_lines(front)])),
        caption=Text("\n".join(_notes(front, rows))),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for index, heading in enumerate(_headings(front)):
        justify: Literal["left", "right"] = "left" if index == _NAME_COLUMN else "right"
        table.add_column(Text(heading.replace(" (", "\n(")), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    table.add_section()
    for row in _baseline_rows(front):
        table.add_row(*map(Text, row), style="dim")
    return table


def front_lines(front: Mapping[str, Any]) -> list[str]:
    """The same table as plain lines of text, never cut or wrapped, for pipes and logs."""
    rows = _point_rows(front)
    cells = [_headings(front), *rows, *_baseline_rows(front)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == _NAME_COLUMN else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return [_title(front), *fidelity_lines(front), *lines, *_notes(front, rows)]


def _title(front: Mapping[str, Any]) -> str:
    return f"Pareto front of {' '.join(front['study'].split())}"


def _headings(front: Mapping[str, Any]) -> list[str]:
    names = [_heading(goal, with_unit=_is_plain(goal)) for goal in front["objectives"]]
    further = [_heading(score, with_unit=score["times"] == 1) for score in further_scores(front)]
    return ["trial", "name", *names, *further]


def _heading(goal: Mapping[str, Any], *, with_unit: bool) -> str:
    """A score at a longer length has the unit of the same at the training length."""
    return f"{label(goal['name'])} ({goal['unit']})" if with_unit else label(goal["name"])


def _point_rows(front: Mapping[str, Any]) -> list[list[str]]:
    points = best_first(front["points"], leading_objective(front))
    rows = []
    for place, point in enumerate(points):
        following = points[place + 1]["trial"] if place + 1 < len(points) else None
        rows.append(_row(point, front, alike=following in point.get("indistinguishable_from", ())))
    return rows


def _baseline_rows(front: Mapping[str, Any]) -> list[list[str]]:
    beside = [entry for entry in front["baselines"] if not entry["on_front"]]
    ranked = best_first(beside, leading_objective(front))
    return [_row(entry, front) for entry in [*ranked, *(entry for entry in beside if not entry["values"])]]


def _row(entry: Mapping[str, Any], front: Mapping[str, Any], alike: bool = False) -> list[str]:
    name = entry["baseline"] or ""
    further = further_scores(front)
    if not entry["values"]:
        state = str(entry.get("state", "no result")).replace("_", " ")
        return [str(entry["trial"]), f"{name} ({state})", *("-" for _ in [*front["objectives"], *further])]
    cells = [_cell(entry, goal) for goal in front["objectives"]]
    scores = [entry["scores"].get(score["name"]) for score in further]
    cells += ["-" if score is None else f"{score:.3f}" for score in scores]
    return [f"{_ALIKE if alike else ''}{entry['trial']}", name, *cells]


def _cell(entry: Mapping[str, Any], goal: Mapping[str, str]) -> str:
    value = entry["values"][goal["name"]]
    if not _is_plain(goal):
        ratio = ratio_to_full(entry, goal["name"])
        shown = format_quantity(value, goal["unit"])
        return shown if ratio is None else f"{shown} {format_ratio(ratio):>5}"
    spread = entry["spread"].get(goal["name"])
    return f"{value:.3f}" if spread is None else f"{value:.3f} ± {spread:.3f}"


def _is_plain(goal: Mapping[str, str]) -> bool:
    """Whether the unit stands in the heading: costs carry theirs in each cell, with its prefix."""
    return goal["unit"] not in ("FLOP", "bytes", "parameters")


def _notes(front: Mapping[str, Any], rows: list[list[str]]) -> list[str]:
    notes = [] if rows else [_EMPTY_NOTE]
    if any(row[0].startswith(_ALIKE) for row in rows):
        notes.append(_ALIKE_NOTE)
    if any("ratio_to_full" in entry for entry in front["points"]):
        notes.append(_RATIO_NOTE)
    return notes
