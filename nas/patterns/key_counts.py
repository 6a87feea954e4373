"""How many keys a head shows to each query, in any range of keys, without ever making a mask.

Bands are made disjoint and counted by their length. Outside them, progressions are counted by floor
division, with inclusion and exclusion over the least common multiples of their steps, and keys that
every query sees by prefix sums; what both show is taken off again by prefix sums along the step.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from nas.patterns.head import HeadPattern
from nas.patterns.support import Band, Flags, Positions, Progression

Prefix = NDArray[np.int32]


class KeyCounts:
    """The counting functions of one head at one sequence length.

    Args:
        head: the union that is counted.
        num_tokens: sequence length n, in tokens.
    """

    def __init__(self, head: HeadPattern, num_tokens: int) -> None:
        site = head.site(num_tokens)
        supports = [primitive.support(site) for primitive in head.attend]
        self._causal = head.causal
        self._bands = tuple(band for support in supports for band in support.bands)
        self._queries = _any(support.queries for support in supports)
        keys = _any(support.keys for support in supports)
        terms = _inclusion_exclusion((p for support in supports for p in support.progressions), num_tokens)
        self._terms = [(term, sign, None if keys is None else _prefix(keys, term.step)) for term, sign in terms]
        self._fixed = None if keys is None else _prefix(keys, 1)

    def below(self, rows: slice, stop: Positions | int) -> Positions:
        """How many keys j < stop each query sees, the causal cut included.

        Args:
            rows: the queries, as a slice of 0..n with both ends given.
            stop: one past the last key that counts, in tokens: one for all queries, or shape (rows,).

        Returns:
            shape (rows,), int64.
        """
        query = np.arange(rows.start, rows.stop, dtype=np.int64)
        cut = np.minimum(query + 1, stop) if self._causal else np.broadcast_to(np.asarray(stop, np.int64), query.shape)
        if self._queries is not None and self._queries[rows].all():
            return np.array(cut)
        zero = np.zeros_like(query)
        seen = self._beside_bands(query, zero, cut)
        for start, end in _disjoint(self._bands, rows):
            first, last = np.minimum(start, cut), np.minimum(end, cut)
            seen += last - first - self._beside_bands(query, first, last)
        return seen if self._queries is None else np.where(self._queries[rows], cut, seen)

    def _beside_bands(self, query: Positions, start: Positions, stop: Positions) -> Positions:
        """Keys in start <= j < stop that progressions or fixed keys show to each query."""
        seen = np.zeros_like(query)
        if self._fixed is not None:
            seen += self._fixed.take(stop)
            seen -= self._fixed.take(start)
        for term, sign, prefix in self._terms:
            for edge, direction in ((stop, sign), (start, -sign)):
                steps = (self._within(term, query, edge) - query - 1) // term.step
                shown = steps if prefix is None else steps - prefix.take(query + (steps + 1) * term.step)
                seen += shown if direction == 1 else direction * shown
        return seen

    def _within(self, term: Progression, query: Positions, edge: Positions) -> Positions:
        """The edge, moved to the end of the progression where it lies beyond it."""
        if term.before * term.step <= query[-1]:
            edge = np.maximum(edge, query - term.before * term.step)
        return edge if self._causal else np.minimum(edge, query + term.after * term.step + 1)


def _disjoint(bands: tuple[Band, ...], rows: slice) -> Iterator[tuple[Positions, Positions]]:
    """Start and stop of bands that show the same keys and never overlap.

    Sorting starts and stops apart from each other keeps, for every key, how many bands hold it, and
    leaves only neighbours to compare.
    """
    starts = _sorted([band.start[rows] for band in bands])
    stops = _sorted([np.maximum(band.start[rows], band.stop[rows]) for band in bands])
    for index, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        yield (np.maximum(start, stops[index - 1]) if index else start), stop


def _sorted(columns: list[Positions]) -> list[Positions]:
    """Each row's values in rising order: an insertion sort of whole columns, since there are few."""
    for newest in range(1, len(columns)):
        for place in range(newest, 0, -1):
            low, high = columns[place - 1], columns[place]
            if (low <= high).all():
                break
            columns[place - 1 : place + 1] = np.minimum(low, high), np.maximum(low, high)
    return columns


def _inclusion_exclusion(progressions: Iterable[Progression], num_tokens: int) -> list[tuple[Progression, int]]:
    """Progressions and their signs: the signed sum of their counts is the count of the union."""
    terms: Counter[Progression] = Counter()
    for progression in progressions:
        shared: Counter[Progression] = Counter({_meet(progression, progression, num_tokens): 1})
        for term, sign in terms.items():
            shared[_meet(term, progression, num_tokens)] -= sign
        for term, sign in shared.items():
            terms[term] += sign
    return [(term, sign) for term, sign in terms.items() if sign]


def _meet(one: Progression, other: Progression, num_tokens: int) -> Progression:
    """The keys that two progressions from the same query share."""
    step = min(math.lcm(one.step, other.step), num_tokens)  # a step of n already holds the query alone
    before = min(one.before * one.step, other.before * other.step, num_tokens - 1) // step
    after = min(one.after * one.step, other.after * other.step, num_tokens - 1) // step
    return Progression(step, before, after)


def _prefix(keys: Flags, step: int) -> Prefix:
    """Entry j + step: how many of the keys j, j - step, j - 2 * step, ... are set; 0 for j < 0."""
    laps = -(-len(keys) // step)
    table = np.zeros((laps + 1, step), dtype=np.int32)
    table[1:].reshape(-1)[: len(keys)] = keys
    return table.cumsum(axis=0, dtype=np.int32).reshape(-1)


def _any(flags: Iterable[Flags | None]) -> Flags | None:
    given = [flag for flag in flags if flag is not None]
    return np.logical_or.reduce(given) if given else None
