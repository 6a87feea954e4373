"""Expected hypervolume improvement, exact if one objective is Gaussian and the others are known.

The hypervolume that a new point adds is its improvement on the best known value within a budget of the other
objectives, integrated over all budgets that it fits into. The best known value is constant between the points' own
coordinates, so the integral is a finite sum, and the expectation of each term is the expected improvement of one
Gaussian value (Jones et al. 1998). All objectives are to be minimised.
"""

from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from nas.statistics.pareto import nondominated

Array = NDArray[np.float64]

MOST_CELLS = 30_000
"""Most cells of the grid of budgets; beyond that, known points are moved up to the next of fewer edges."""

MOST_COMPARED = 1 << 18
"""Most pairs of points that are compared with each other; of more points the front is found first."""


def expected_improvement(mean: Array, deviation: Array, best: Array) -> Array:
    """The mean of max(best - value, 0) for Gaussian values; arrays are broadcast."""
    safe = np.maximum(deviation, 1e-12)
    z = (best - mean) / safe
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    expected: Array = safe * (z * ndtr(z) + density)
    return expected


def expected_hypervolume_improvement(
    known: Array, known_others: Array, mean: Array, deviation: Array, others: Array, reference: Array
) -> Array:
    """The mean hypervolume that each of m candidates would add to that of n points.

    Args:
        known: the uncertain objective of the known points, shape (n,).
        known_others: their other objectives, shape (n, d - 1).
        mean: of the candidates' uncertain objective, shape (m,).
        deviation: its standard deviation, shape (m,).
        others: the candidates' other objectives, shape (m, d - 1).
        reference: the point that bounds the hypervolume, the uncertain objective first, shape (d,); d is 2 or more.

    Returns:
        shape (m,).
    """
    inside = (known_others < reference[1:]).all(axis=1) & (known < reference[0])
    known, known_others = known[inside], known_others[inside]
    edges = _edges(known_others, others, reference[1:])
    best = _best_within(known, known_others, edges, float(reference[0]))
    levels, level_of_cell = np.unique(best, return_inverse=True)
    gains = expected_improvement(mean[:, None], deviation[:, None], levels[None, :])[:, level_of_cell.reshape(-1)]
    volume = gains.reshape(len(mean), *best.shape)
    for axis in reversed(range(len(edges))):
        starts, stops = edges[axis], np.append(edges[axis][1:], reference[1 + axis])
        widths = np.clip(stops - np.maximum(starts, others[:, axis, None]), 0, None)
        volume = np.einsum("m...i,mi->m...", volume, widths)
    return volume


def undominated(points: Array, by: Array | None = None) -> NDArray[np.bool_]:
    """Which points are dominated by no point of `by`; equal points do not dominate each other.

    Args:
        points: shape (n, d).
        by: shape (k, d); None for the points themselves.

    Returns:
        shape (n,).
    """
    others = points if by is None else by
    if len(others) * len(points) > MOST_COMPARED:  # what anything dominates is dominated by something on the front
        others = others[nondominated([tuple(row) for row in others.tolist()])]
    nowhere_worse = np.ones((len(others), len(points)), dtype=np.bool_)
    somewhere_better = np.zeros_like(nowhere_worse)
    for theirs, ours in zip(others.T, points.T, strict=True):
        nowhere_worse &= theirs[:, None] <= ours
        somewhere_better |= theirs[:, None] < ours
    return np.logical_not((nowhere_worse & somewhere_better).any(axis=0))


def _edges(known_others: Array, others: Array, reference: Array) -> list[Array]:
    """The lower edges of the cells of budgets, by objective: one below all points, then every known one."""
    most = int(MOST_CELLS ** (1 / max(1, len(reference)))) - 1
    lowest = np.minimum(others.min(axis=0, initial=np.inf), reference)
    found = []
    for axis in range(len(reference)):
        values = np.unique(known_others[:, axis])
        if len(values) > most:
            values = np.unique(np.quantile(values, np.linspace(0, 1, most), method="higher"))
        found.append(np.concatenate([[min(lowest[axis], values.min(initial=np.inf)) - 1], values]))
    return found


def _best_within(known: Array, known_others: Array, edges: list[Array], reference: float) -> Array:
    """The best known value in every cell of budgets, shape (cells of each objective)."""
    best = np.full([len(axis) for axis in edges], reference)
    places = [np.searchsorted(axis, known_others[:, index]) for index, axis in enumerate(edges)]
    if len(known):
        np.minimum.at(best, tuple(places), known)
    return reduce(lambda so_far, axis: np.minimum.accumulate(so_far, axis=axis), range(best.ndim), best)
