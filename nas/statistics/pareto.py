"""Pareto domination, hypervolume, and the line of a front in two objectives.

Values are to be minimised unless a direction is given.
"""

from collections.abc import Sequence

from nas.statistics.ranks import Direction

Point = tuple[float, ...]
XY = tuple[float, float]


def dominates(left: Point, right: Point) -> bool:
    """True if `left` is no worse than `right` in any objective and better in at least one."""
    return left != right and all(ours <= theirs for ours, theirs in zip(left, right, strict=True))


def nondominated(points: Sequence[Point]) -> list[int]:
    """Indices of the points that no other point dominates, in order; equal points are all kept."""
    return [index for index, point in enumerate(points) if not any(dominates(other, point) for other in points)]


def fronts(points: Sequence[Point]) -> list[int]:
    """The front each point lies on: 0 if nothing dominates it, else one more than its highest dominator's.

    (Non-dominated sorting, Deb et al. 2002, NSGA-II, section III.A.)
    """
    levels = [0] * len(points)
    left, level = set(range(len(points))), 0
    while left:
        here = {i for i in left if not any(dominates(points[j], points[i]) for j in left)}
        for index in here:
            levels[index] = level
        left -= here
        level += 1
    return levels


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
