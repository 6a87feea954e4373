"""The picture of a front: every measured objective against every cost, with the baselines."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import product
from math import hypot
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from nas.errors import InputError
from nas.files import replacing
from nas.patterns.label import label as pattern_label
from nas.report.heights import Heights
from nas.report.objective_labels import best_first, label
from nas.results.front import Baseline, Front, FrontEntry, FrontPoint
from nas.results.objective import Objective
from nas.statistics.pareto import XY, staircase

_POINT, _LINE = "#1f6fb2", "#9cc3e4"
_BASELINES = (
    ("s", "#d1495b"),
    ("^", "#e08e0b"),
    ("D", "#3a8f5c"),
    ("v", "#8056a8"),
    ("P", "#8a5a3c"),
    ("X", "#444444"),
    ("p", "#b0479a"),
    ("h", "#5f7a1f"),
)
_LOG_RANGE = 20.0
"""Costs whose largest is this many times the smallest are drawn on a logarithmic axis."""

_DENSE_RANGE = 200.0
"""Below this the ticks 1, 2 and 5 of every decade have room for their labels."""

_PANEL_WIDTH, _PANEL_HEIGHT, _MARGIN = 4.4, 3.4, 0.6
_ONLY_PANEL_WIDTH, _LOW_PANEL_HEIGHT = 6.4, 2.4
"""Width of a panel alone in its row, and height where there are several rows: no picture gets tall and narrow."""

_LABEL_SIZE, _LABEL_LINE, _LETTER = 7.5, 0.15, 0.0667
"""Labels of patterns: font size in points, height of a line and width of a letter in inches."""
_MOST_LABELS = 10
_MARKER_LETTERS = 6
"""Width of a marker in the legend, in letters."""
_NUMBER_DISTANCES = (10.0, 15.0)
"""Distances of a trial number from its point that are tried, in points (1/72 inch)."""
_DIGIT_WIDTH = 4.5
"""Width of a digit of a trial number, in points."""
_DIRECTIONS = ((0.75, 0.75), (-0.75, 0.75), (0.75, -0.75), (-0.75, -0.75), (1, 0), (-1, 0), (0, 1), (0, -1))


def draw_front(front: Front, path: Path) -> None:
    """Write the picture of a front as a PNG; see `front_png`.

    Args:
        front: the front of a study.
        path: the file, written whole or not at all; an older one, or a link, is replaced.

    Raises:
        InputError: the file cannot be written.
    """
    png = front_png(front)
    try:
        with replacing(path) as file:
            file.write(png)
    except OSError as error:
        raise InputError(str(path), "must be a file that can be written", error.strerror or str(error)) from None


def front_png(front: Front) -> bytes:
    """The bytes of a PNG: one row of panels per measured objective, one panel per cost, and the points' labels below.

    Filled circles are the front, with their trial numbers; the line shows the best value that any of them has at each
    cost. A point off the line is on the front because of another objective. Error bars are standard deviations
    over seeds. Open markers are baselines; one around a circle is on the front. Baselines that did not finish are left
    out. An entry that is far worse than the others would squeeze them: it stands at the edge, its value beside it.
    """
    measured, costs = _axes(front)
    width = _MARGIN + max(_PANEL_WIDTH * len(costs), _ONLY_PANEL_WIDTH)
    panel_height = _PANEL_HEIGHT if len(measured) == 1 else _LOW_PANEL_HEIGHT
    labels = list(_label_lines(front, int((width - 1.5 * _MARGIN) / _LETTER)))
    heights = 2 * _MARGIN + panel_height * len(measured), _LABEL_LINE * (len(labels) + 1)
    figure = Figure(figsize=(width, sum(heights)), dpi=150, layout="constrained")
    (above,), (below,) = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)
    _write_labels(below, labels, _MARGIN / width)
    panels = above.subplots(len(measured), len(costs), sharex="col", sharey="row", squeeze=False)
    for objective, row in zip(measured, panels, strict=True):
        for cost, panel in zip(costs, row, strict=True):
            _draw_panel(panel, front, objective, cost)
            panel.label_outer()
        gap = " " if len(measured) == 1 else "\n"  # a low panel has no room for one line
        row[0].set_ylabel(f"{label(objective.name)}{gap}({objective.unit},{gap}{_better(objective)})")
    _write_legend(above, panels[0][0], width)
    above.suptitle(f"Pareto front of {' '.join(front.study.split())}", fontsize=11, parse_math=False)
    figure.draw_without_rendering()  # the layout decides where the points are
    for (objective, row), (place, cost) in product(zip(measured, panels, strict=True), enumerate(costs)):
        _number_points(row[place], front, objective, cost)
    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _axes(front: Front) -> tuple[Sequence[Objective], Sequence[Objective]]:
    """Vertical and horizontal axes: measured objectives and costs; without one kind, the first against the others."""
    objectives = front.objectives
    measured = [objective for objective in objectives if not objective.is_cost]
    costs = [objective for objective in objectives if objective.is_cost]
    return (measured, costs) if measured and costs else (objectives[:1], objectives[1:])


def _label_lines(front: Front, width: int) -> Iterator[str]:
    """Trial number, name and label of the best points, one line each, cut to `width` letters."""
    points = best_first(front.points, front.leading)
    digits = max((len(str(point.trial)) for point in points), default=0)
    for point in points[:_MOST_LABELS]:
        name = f"{point.baseline}  " if point.baseline else ""
        text = f"{point.trial:>{digits}}  {name}{pattern_label(point.pattern)}"
        yield text if len(text) <= width else f"{text[: width - 3]}..."
    if len(points) > _MOST_LABELS:
        yield f"{' ' * digits}  and {len(points) - _MOST_LABELS} more points, which nas show lists"


def _write_legend(area: SubFigure, panel: Axes, width: float) -> None:
    """The names of the markers, in as many columns as fit into the width (in inches)."""
    handles, names = panel.get_legend_handles_labels()
    if not handles:
        return
    columns = min(4, len(names), max(1, int(width / (_LETTER * (max(map(len, names)) + _MARKER_LETTERS)))))
    legend = area.legend(handles, names, loc="outside lower center", ncols=columns, frameon=False, fontsize=8)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _write_labels(area: SubFigure, lines: Sequence[str], left: float) -> None:
    for place, line in enumerate(lines):
        height = 1 - (place + 0.5) / (len(lines) + 1)
        area.text(left, height, line, va="center", family="monospace", fontsize=_LABEL_SIZE, parse_math=False)


def _draw_panel(panel: Axes, front: Front, objective: Objective, cost: Objective) -> None:
    points, baselines = best_first(front.points, objective), _finished(front)
    heights = Heights.among([*points, *baselines], objective)
    if points:
        _draw_points(panel, points, heights, cost)
    for index, entry in enumerate(baselines):
        marker, colour = _BASELINES[index % len(_BASELINES)]
        panel.errorbar(
            _cost(entry, cost), heights.of(entry), yerr=heights.uncertainty(entry), linestyle="none",
            marker=marker, markersize=9, markerfacecolor="none", markeredgewidth=1.5, color=colour, elinewidth=0.9,
            label=entry.baseline, clip_on=not heights.is_beyond(entry),
        )  # fmt: skip
    heights.cut(panel)
    _dress(panel, cost, [_cost(entry, cost) for entry in [*points, *baselines]])


def _finished(front: Front) -> list[Baseline]:
    return sorted((entry for entry in front.baselines if entry.values), key=lambda entry: entry.trial)


def _cost(entry: FrontEntry, cost: Objective) -> float:
    """The cost as a share of full attention's; in its unit if that share is unknown."""
    ratio = entry.ratio(cost.name)
    return entry.values[cost.name] if ratio is None else ratio


def _draw_points(panel: Axes, points: Sequence[FrontPoint], heights: Heights, cost: Objective) -> None:
    objective = heights.objective
    at = [(_cost(point, cost), point.worth(objective.name)) for point in points]
    corners = staircase(at, cost.direction, objective.direction)
    steps = "steps-post" if cost.direction == "minimize" else "steps-pre"
    panel.plot(*zip(*corners, strict=True), drawstyle=steps, color=_LINE, linewidth=2, zorder=1)
    for name, some in (
        ("front", [point for point in points if not heights.is_beyond(point)]),
        ("far worse, at the edge", [point for point in points if heights.is_beyond(point)]),
    ):
        if some:
            panel.errorbar(
                [_cost(point, cost) for point in some], [heights.of(point) for point in some],
                yerr=[heights.uncertainty(point) for point in some], linestyle="none", markersize=5, color=_POINT,
                marker="o" if name == "front" else "^" if objective.sign > 0 else "v", elinewidth=0.9, label=name,
                clip_on=name == "front",
            )  # fmt: skip


def _number_points(panel: Axes, front: Front, objective: Objective, cost: Objective) -> None:
    """Write each point's trial number next to it, where it covers no other point, baseline or number."""
    points, baselines = best_first(front.points, objective), _finished(front)
    heights = Heights.among([*points, *baselines], objective)
    drawn = [(_cost(entry, cost), heights.of(entry)) for entry in [*points, *baselines]]
    to_points = 72 / panel.figure.dpi
    taken: list[XY] = [(x * to_points, y * to_points) for x, y in panel.transData.transform(drawn)]
    for point, xy, (x, y) in zip(points, drawn, tuple(taken), strict=False):
        number = heights.name(point)
        places = [(x + dx, y + dy) for dx, dy in _offsets(len(number))]
        half = _DIGIT_WIDTH * len(number) / 2
        inside = [
            (u, v)
            for u, v in places
            if all(panel.bbox.contains(end / to_points, v / to_points) for end in (u - half, u + half))
        ]
        u, v = max(inside or places, key=lambda place: _clearance(place, taken))
        taken.append((u, v))
        panel.annotate(
            number, xy, xytext=(u - x, v - y), textcoords="offset points", ha="center", va="center", fontsize=7,
            color=_POINT, zorder=5, path_effects=[withStroke(linewidth=2, foreground="white")],
        ).set_in_layout(False)  # fmt: skip


def _offsets(num_digits: int) -> Iterator[XY]:
    """Offsets of a number from its point, in points, best first: a longer number is placed further to the side."""
    for distance, (dx, dy) in product(_NUMBER_DISTANCES, _DIRECTIONS):
        yield dx * (distance + 2.0 * (num_digits - 1)), dy * distance


def _clearance(place: XY, taken: Sequence[XY]) -> float:
    """The distance to the nearest marker or number, in points, capped: more than enough counts as enough."""
    return min(_NUMBER_DISTANCES[0], *(hypot(place[0] - x, place[1] - y) for x, y in taken))


def _dress(panel: Axes, cost: Objective, values: list[float]) -> None:
    unit = "share of full attention" if cost.is_cost else cost.unit
    panel.set_xlabel(f"{label(cost.name)} ({unit}, {_better(cost)})")
    if cost.is_cost and values and min(values) > 0 and max(values) > _LOG_RANGE * min(values):
        panel.set_xscale("log")
        dense = max(values) < _DENSE_RANGE * min(values)
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if dense else (1,)))
        panel.xaxis.set_minor_formatter(NullFormatter())
    elif cost.is_cost:
        panel.set_xlim(left=0)
    if cost.is_cost:
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}x"))
    panel.grid(color="#e6e6e6", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _better(objective: Objective) -> str:
    return "lower is better" if objective.direction == "minimize" else "higher is better"
