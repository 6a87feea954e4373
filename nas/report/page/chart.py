"""A plain chart: lines and marks between two axes, in shares of the drawing's width and height."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.report.page.axis import Axis
from nas.statistics.pareto import XY

TEXT_WIDTH, TEXT_HEIGHT = 0.07, 0.1
"""Room for a number beside a mark, as shares of the width and height of a chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point of a chart.

    Args:
        x: its value on the horizontal axis.
        y: on the vertical one.
        text: what is written beside it where there is room; empty for nothing.
        kind: its look: front, baseline or other.
        x_spread: half the length of its horizontal whisker, in the unit of the axis; 0 for none.
        y_spread: half the length of its vertical one.
    """

    x: float
    y: float
    text: str = ""
    kind: str = "front"
    x_spread: float = 0.0
    y_spread: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points, or steps between them.

    Args:
        points: (x, y) values.
        kind: its look: curve, guide or faint.
        stepped: whether a value holds until the next one.
    """

    points: tuple[XY, ...]
    kind: str = "curve"
    stepped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart.

    Args:
        title: what it shows.
        description: the same for those who do not see it, with what there is to see.
        x: horizontal axis.
        y: vertical axis.
        lines: from back to front.
        marks: above the lines.
        note: what is said below it; empty for nothing.
    """

    title: str
    description: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    note: str = ""

    def path(self, line: Line) -> str:
        """A line as SVG path data, in a square of 100 whose y axis points downwards."""
        return path_of([(self.x.place(x), self.y.place(y)) for x, y in line.points], stepped=line.stepped)

    def has_room(self, mark: Mark) -> bool:
        """Whether a mark's text would cover no other mark, which stands close on its right."""
        x, y = self.x.place(mark.x), self.y.place(mark.y)
        return not any(
            0 <= self.x.place(other.x) - x < TEXT_WIDTH and abs(self.y.place(other.y) - y) < TEXT_HEIGHT
            for other in self.marks
            if other is not mark
        )

    def whiskers(self, mark: Mark) -> str:
        """The whiskers of a mark as SVG path data; empty if it has none."""
        x, y = self.x.place, self.y.place
        parts = []
        if mark.x_spread:
            parts.append(path_of([(x(mark.x - mark.x_spread), y(mark.y)), (x(mark.x + mark.x_spread), y(mark.y))]))
        if mark.y_spread:
            parts.append(path_of([(x(mark.x), y(mark.y - mark.y_spread)), (x(mark.x), y(mark.y + mark.y_spread))]))
        return " ".join(parts)


def path_of(places: Sequence[XY], *, stepped: bool = False) -> str:
    """SVG path data through places from 0 to 1, in a square of 100 whose y axis points downwards."""
    parts = []
    for index, (x, y) in enumerate(places):
        across = f"{_hundredths(x)} {_hundredths(1 - y)}"
        if stepped and index:
            parts.append(f"H{_hundredths(x)}")
        parts.append(f"{'L' if index else 'M'}{across}")
    return "".join(parts)


def _hundredths(place: float) -> str:
    """A place from 0 to 1 as a number of the square; lines far outside are cut there."""
    return f"{100 * min(3.0, max(-2.0, place)):.5g}"
