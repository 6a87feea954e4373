"""The line of a front in two of its objectives."""

from collections.abc import Sequence

XY = tuple[float, float]


def staircase(points: Sequence[XY], x_direction: str, y_direction: str) -> list[XY]:
    """The points that no other one beats in both coordinates, by rising x, each place once.

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
