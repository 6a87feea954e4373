"""Charts of fronts, of one study or of several, and of a hypervolume as it grew."""

from collections.abc import Mapping, Sequence

from nas.report.objective_labels import label
from nas.report.page.axis import Axis
from nas.report.page.chart import Chart, Line, Mark
from nas.report.studies.standing import Standing
from nas.results.front import leading
from nas.results.objective import Objective
from nas.statistics.pareto import XY, staircase

MOST_NUMBERED = 16
"""Points of a chart up to which each has its trial's number; more would cover one another."""
MOST_KINDS = 6
"""Fronts that differ in their looks; the next ones begin again."""


def front_charts(fronts: Mapping[str, Sequence[Standing]], objectives: Sequence[Objective]) -> tuple[Chart, ...]:
    """The first quality against every other objective, with a line per front; none without points.

    Args:
        fronts: points by the name of their study.
        objectives: the axes.
    """
    if not any(fronts.values()):
        return ()
    up = leading(tuple(objectives))
    return tuple(_chart(fronts, up, across) for across in objectives if across != up)


def volume_chart(volumes: Sequence[float]) -> Chart | None:
    """The hypervolume by trial; None before the first one."""
    if not volumes:
        return None
    points = tuple((float(place), share) for place, share in enumerate(volumes, 1))
    return Chart(
        title="Hypervolume",
        description=f"Ending at 1 after {len(volumes)} trials",
        x=Axis.over([0.0, float(len(volumes))], "trials that ended", whole=True),
        y=Axis.over([0.0, 1.0], "share of what is known now"),
        lines=(Line(points=points, stepped=True),),
    )


def _chart(fronts: Mapping[str, Sequence[Standing]], up: Objective, across: Objective) -> Chart:
    every = [point for own in fronts.values() for point in own]
    are_shares = all(across.name in point.ratios for point in every)

    def place(point: Standing) -> XY:
        x = point.ratios[across.name] if are_shares else point.values[across.name]
        return x, point.values[up.name]

    num_numbered = len(every) if len(every) <= MOST_NUMBERED else 0
    marks, lines = [], []
    for index, own in enumerate(fronts.values()):
        if not own:
            continue
        kind = f"front s{index % MOST_KINDS}"
        corners = staircase([place(point) for point in own], across.direction, up.direction)
        # A cost that is higher keeps the better value of a lower one; where more is better, the other way round.
        steps = corners if across.direction == "minimize" else corners[::-1]
        lines.append(Line(points=tuple(steps), kind=f"curve s{index % MOST_KINDS}", stepped=True))
        for point in own:
            x, y = place(point)
            marks.append(Mark(x=x, y=y, text=str(point.trial) if num_numbered else "", kind=kind))
    unit = "share of full attention's" if are_shares else across.unit
    return Chart(
        title=f"{label(up.name)} against {label(across.name)}",
        description="; ".join(f"{name}: {len(own)} points" for name, own in fronts.items()),
        x=Axis.over(
            [mark.x for mark in marks],
            f"{label(across.name)} ({unit})",
            may_be_log=across.is_cost,
            suffix="x" if are_shares else "",
        ),
        y=Axis.over([mark.y for mark in marks], f"{label(up.name)} ({up.unit})"),
        lines=tuple(lines),
        marks=tuple(marks),
    )
