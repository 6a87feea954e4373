"""Pareto domination, hypervolume, and the line of a front in two objectives.

Values are to be minimised unless a direction is given.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import inf
from operator import le

from nas.statistics.ranks import Direction

Point = tuple[float, ...]
XY = tuple[float, float]

MARGIN = 0.1
"""How far a reference lies beyond the worst values of a front, as a share of the front's range.

So the extreme points of the front count as well, but not more than the others (Ishibuchi et al. 2018, "How to Specify a
Reference Point in Hypervolume Calculation for Fair Performance Comparison").
"""


def dominates(left: Point, right: Point) -> bool:
    """True if `left` is no worse than `right` in any objective and better in at least one."""
    return left != right and all(ours <= theirs for ours, theirs in zip(left, right, strict=True))


def nondominated(points: Sequence[Point]) -> list[int]:
    """Indices of the points that no other point dominates, in order; equal points are all kept."""
    return [index for index, level in enumerate(fronts(points, 1)) if level == 0]


def fronts(points: Sequence[Point], most: int | None = None) -> list[int]:
    """The front each point lies on: 0 if nothing dominates it, else one more than its highest dominator's.

    Takes n (log n)^2 steps for up to three objectives, and compares with every member of some fronts for more.

    Args:
        points: of one length each.
        most: how many fronts are told apart; points beyond these all have this number.

    Source: non-dominated sorting (Deb et al. 2002, section III.A) by binary search over fronts (Zhang et al. 2015).
    """
    found: list[_Staircase | _Members] = []
    levels: dict[Point, int] = {}
    for point in sorted(set(points)):  # whoever dominates a point comes before it
        # What a member of a front dominates is also dominated by a member of every front before that one.
        level = bisect_left(found, True, key=lambda front: not front.dominates(point))
        if level == len(found) and level != most:
            found.append(_Staircase() if len(point) <= 3 else _Members())
        if level < len(found):
            found[level].add(point)
        levels[point] = level
    return [levels[point] for point in points]


class _Members:
    """A front that points are compared with one by one."""

    def __init__(self) -> None:
        self._members: list[Point] = []

    def dominates(self, point: Point) -> bool:
        """Whether a member dominates a point that is none."""
        return any(dominates(member, point) for member in self._members)

    def add(self, point: Point) -> None:
        """Make a point that no member dominates one."""
        self._members.append(point)


class _Staircase:
    """A front of up to three objectives, whose points come in ascending order: the first objective needs no look.

    What is left are the corners of a staircase, the second objective ascending and the third descending.
    """

    def __init__(self) -> None:
        self._second: list[float] = []
        self._third: list[float] = []

    def dominates(self, point: Point) -> bool:
        """Whether a member dominates a point that comes after all of them and equals none."""
        second, third = _last_two(point)
        place = bisect_right(self._second, second)
        return place > 0 and self._third[place - 1] <= third

    def add(self, point: Point) -> None:
        """Make a point that no member dominates one."""
        second, third = _last_two(point)
        start = bisect_left(self._second, second)
        stop = start
        while stop < len(self._third) and self._third[stop] >= third:
            stop += 1
        self._second[start:stop], self._third[start:stop] = [second], [third]


def _last_two(point: Point) -> XY:
    _, second, third = (*point, 0.0, 0.0)[:3]
    return second, third


def hypervolume(points: Sequence[Point], reference: Point) -> float:
    """The volume that the points dominate below a reference point, exactly.

    Slices along the first objective (Zitzler's hypervolume by slicing objectives; While et al. 2006):
    fine for the few hundred points and few objectives of a study.

    Args:
        points: any points; those that are not below the reference in every objective add nothing.
        reference: one value per objective.
    """
    inside = {point for point in points if all(ours < limit for ours, limit in zip(point, reference, strict=True))}
    if not inside:
        return 0.0
    if len(reference) == 1:
        return reference[0] - min(point[0] for point in inside)
    ordered = sorted(inside)
    edges = [point[0] for point in ordered[1:]] + [reference[0]]
    volume, slab = 0.0, []
    for point, edge in zip(ordered, edges, strict=True):
        slab.append(point[1:])
        slab = [slab[index] for index in nondominated(slab)]
        if edge > point[0]:
            volume += (edge - point[0]) * hypervolume(slab, reference[1:])
    return volume


def reference_beyond(front: Sequence[Point], baselines: Sequence[Point] = ()) -> Point:
    """The point that bounds the hypervolume of a front.

    Args:
        front: its points.
        baselines: what others have published.

    Returns:
        MARGIN of the range of both beyond the worst values of the baselines, or of the front without any; empty if
        there are neither.
    """
    columns = zip(zip(*front, *baselines, strict=True), zip(*(baselines or front), strict=True), strict=True)
    return tuple(_beyond(min(both), max(bounding)) for both, bounding in columns)


def competing(points: Sequence[Point], baselines: Sequence[Point], measured: Sequence[bool]) -> list[int]:
    """Indices of the points that are worse than every baseline in no measured objective.

    A front keeps whatever is cheapest, however bad it is. A reference beyond such points tells hardly any fronts apart:
    all that is any good fills nearly the same volume below it.

    Args:
        points: any, such as those of a front.
        baselines: what others have published, in the same objectives.
        measured: by objective, whether it says what a point is worth and not what it costs.

    Returns:
        all of them if there are no baselines, or if none is left.
    """
    columns = list(zip(*baselines, strict=True)) or [(inf,)] * len(measured)
    worst = [max(column) if counts else inf for column, counts in zip(columns, measured, strict=True)]
    within = [
        index
        for index, point in enumerate(points)
        if all(value <= limit for value, limit in zip(point, worst, strict=True))
    ]
    return within or list(range(len(points)))


def growing_hypervolume(points: Sequence[Point | None], reference: Point) -> list[float]:
    """The hypervolume of the points up to each one, as a share of that of all.

    Args:
        points: in the order in which they came; None adds nothing.
        reference: one value per objective.

    Returns:
        0 to 1; 0 throughout if no point is below the reference.
    """
    front: list[Point] = []
    volume, volumes = 0.0, []
    for point in points:
        if point is not None and not any(all(map(le, other, point)) for other in front):  # none equals or dominates it
            volume += _added(point, front, reference)
            front = [other for other in front if not dominates(point, other)] + [point]
        volumes.append(volume)
    return [own / volume if volume else 0.0 for own in volumes]


def _added(point: Point, front: Sequence[Point], reference: Point) -> float:
    """The hypervolume that a point adds to a front: its own, less what the front has of it."""
    shared = [tuple(map(max, point, other)) for other in front]
    return hypervolume([point], reference) - hypervolume([shared[index] for index in nondominated(shared)], reference)


def _beyond(best: float, worst: float) -> float:
    """The reference in one objective; where all are alike, any value beyond them serves."""
    return worst + MARGIN * ((worst - best) or abs(worst) or 1.0)


def staircase(points: Sequence[XY], x_direction: Direction, y_direction: Direction) -> list[XY]:
    """The points that no other one beats in both coordinates, by ascending x, equal ones once.

    Args:
        points: (x, y) pairs, at least one.
        x_direction: minimize or maximize.
        y_direction: minimize or maximize.
    """
    x_sign = 1 if x_direction == "minimize" else -1
    y_sign = 1 if y_direction == "minimize" else -1
    corners: list[XY] = []
    for x, y in sorted(points, key=lambda point: (x_sign * point[0], y_sign * point[1])):
        if not corners or y_sign * y < y_sign * corners[-1][1]:
            corners.append((x, y))
    return sorted(corners)
