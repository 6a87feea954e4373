"""The probability of being on a front when some objectives are known with noise only; all are to be minimised."""

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]


def front_probabilities(exact: _Array, drawn: _Array) -> _Array:
    """The share of the draws in which no other item dominates an item.

    Takes n log n steps for n items where one objective is drawn and at most two are exact. Elsewhere pairs are
    compared, but for those with items that are dominated in every draw.

    Args:
        exact: objectives that are known exactly, shape (items, c); c may be 0.
        drawn: joint draws of the others, shape (draws, items, q).

    Returns:
        shape (items,), 0 to 1.
    """
    if drawn.shape[2] == 1 and exact.shape[1] <= 2:
        dominated = _dominated_by_costs(exact, np.ascontiguousarray(drawn[:, :, 0].T))
    else:
        dominated = _dominated_by_pairs(exact, drawn)
    found: _Array = 1 - dominated
    return found


def _dominated_by_costs(exact: _Array, drawn: _Array) -> _Array:
    """The share of the draws, shape (items,), in which an item is dominated.

    Items of equal costs are dominated by the best of them, and by the best of those that cost less in some and more in
    no objective. Sorted by costs, the latter come before them.

    Args:
        exact: shape (items, c), c at most 2.
        drawn: shape (items, draws).
    """
    if not exact.shape[1]:
        return np.asarray((drawn > drawn.min(axis=0)).mean(axis=1))
    costs, group = np.unique(exact, axis=0, return_inverse=True)
    members = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[members], np.arange(len(costs)))
    best = np.minimum.reduceat(drawn[members], starts, axis=0)
    cheaper = _Minima(len(costs), drawn.shape[1])
    ranks = np.unique(costs[:, -1], return_inverse=True)[1] if costs.shape[1] == 2 else np.zeros(len(costs), int)
    found = np.empty(len(exact))
    for rank, items, least in zip(ranks, np.split(members, starts[1:]), best, strict=True):
        own = drawn[items]
        found[items] = ((cheaper.up_to(rank) <= own) | (least < own)).mean(axis=1)
        cheaper.add(rank, least)
    return found


class _Minima:
    """The least of what was added up to a rank, per draw.

    Source: the binary indexed tree of Fenwick 1994, "A New Data Structure for Cumulative Frequency Tables".
    """

    def __init__(self, ranks: int, draws: int) -> None:
        self._least = np.full((ranks + 1, draws), np.inf)

    def add(self, rank: int, values: _Array) -> None:
        place = rank + 1
        while place < len(self._least):
            np.minimum(self._least[place], values, out=self._least[place])
            place += place & -place

    def up_to(self, rank: int) -> _Array:
        place, least = rank + 1, np.full(self._least.shape[1], np.inf)
        while place:
            np.minimum(least, self._least[place], out=least)
            place -= place & -place
        return least


def _dominated_by_pairs(exact: _Array, drawn: _Array) -> _Array:
    """The share of the draws, shape (items,), in which an item is dominated.

    An item that is dominated in all draws need not be compared with: whoever dominates it dominates the others too.
    """
    objectives = np.ascontiguousarray(drawn.transpose(2, 1, 0))
    costs, group = np.unique(exact, axis=0, return_inverse=True)
    found, on_a_front = np.empty(len(exact)), np.zeros(len(exact), bool)
    for one, cost in enumerate(costs):
        items = np.flatnonzero(group == one)
        cheaper = np.flatnonzero(on_a_front & (exact <= cost).all(axis=1))
        for item in items:
            own = objectives[:, [item]]
            dominated = _all(objectives[:, cheaper] <= own).any(axis=0)
            theirs = objectives[:, items]
            dominated |= (_all(theirs <= own) & ~_all(theirs == own)).any(axis=0)
            found[item] = dominated.mean()
        on_a_front[items] = found[items] < 1
    return found


def _all(compared: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True where all objectives, the first axis, are."""
    return np.asarray(np.logical_and.reduce(compared, axis=0))
