"""The edges of overlapping bands in ascending order, from which their union and its gaps are read."""

import numpy as np

from nas.patterns.arrays import Positions
from nas.patterns.primitives.support import Band

_FEW = 8


def sorted_edges(bands: tuple[Band, ...], queries: slice) -> tuple[list[Positions], list[Positions]]:
    """Starts and stops of the bands of some queries, each in ascending order for every query.

    Sorting starts and stops separately preserves, for every key, the number of bands that contain it, and leaves
    only adjacent bands to compare: what lies between one stop and the next start is in no band.

    Returns:
        as many starts and stops as bands, each of shape (queries,).
    """
    starts = _sorted([band.start[queries] for band in bands])
    stops = _sorted([np.maximum(band.start[queries], band.stop[queries]) for band in bands])
    return starts, stops


def _sorted(columns: list[Positions]) -> list[Positions]:
    """Each row's values in ascending order: an insertion sort of whole columns where there are few."""
    if len(columns) > _FEW:
        return list(np.sort(np.stack(columns), axis=0))
    for newest in range(1, len(columns)):
        for place in range(newest, 0, -1):
            low, high = columns[place - 1], columns[place]
            if (low <= high).all():
                break
            columns[place - 1 : place + 1] = np.minimum(low, high), np.maximum(low, high)
    return columns
