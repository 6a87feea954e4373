"""How many keys a head shows each query, in any range of keys, without ever making a mask.

Bands are made disjoint and counted by length. Outside them, progressions and boxes are counted by inclusion and
exclusion (`inclusion_exclusion.py`), and keys that every query sees by prefix sums; no key counts twice.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Flags, Positions
from nas.patterns.counting.band_edges import sorted_edges
from nas.patterns.counting.inclusion_exclusion import Term, inclusion_exclusion
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Random
from nas.patterns.primitives.support import Band

_MOST_BAND_ENTRIES = 1 << 26
"""Most entries of all bands of a head together, at 16 bytes each."""

_MOST_STEPS = 1 << 30
"""Most steps of one count, each a query and a shape: about ten seconds of a processor's time."""


class KeyCounts:
    """The counting functions of one head at one sequence length.

    Args:
        head: the union that is counted.
        num_tokens: sequence length n, in tokens.
        num_edges: at how many edges all queries are counted.

    Raises:
        PatternError: the union has too many shapes to be counted at this length.
    """

    def __init__(self, head: HeadPattern, num_tokens: int, num_edges: int = 1) -> None:
        context = head.context(num_tokens)
        bands = sum(min(mask.blocks, num_tokens) if isinstance(mask, Random) else 1 for mask in head.masks)
        _check_size(bands * num_tokens, _MOST_BAND_ENTRIES, num_tokens)
        supports = [mask.support(context) for mask in head.masks]
        self._causal = head.causal
        self._bands = tuple(band for support in supports for band in support.bands)
        self._newest: tuple[slice, list[tuple[Positions, Positions]]] | None = None
        self._queries = _any(support.queries for support in supports)
        keys = _any(support.keys for support in supports)
        self._terms: list[Term] = inclusion_exclusion(supports, keys, context)
        steps = 1 + len(self._bands) + sum(term.steps for term in self._terms)
        _check_size(steps * num_tokens * num_edges, _MOST_STEPS, num_tokens)
        self._fixed = None if keys is None else np.append(0, keys.cumsum(dtype=np.int64))

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
        seen = self._without_bands(query, zero, cut)
        for start, end in self._disjoint(rows):
            first, last = np.minimum(start, cut), np.minimum(end, cut)
            seen += last - first - self._without_bands(query, first, last)
        return seen if self._queries is None else np.where(self._queries[rows], cut, seen)

    def _disjoint(self, rows: slice) -> list[tuple[Positions, Positions]]:
        """The disjoint bands of some rows; kept, as the same rows are often counted at one edge after another."""
        if self._newest is None or self._newest[0] != rows:
            self._newest = rows, list(_disjoint(self._bands, rows))
        return self._newest[1]

    def _without_bands(self, query: Positions, start: Positions, stop: Positions) -> Positions:
        """Keys in start <= j < stop that progressions or fixed keys show to each query."""
        seen = np.zeros_like(query)
        if self._fixed is not None:
            seen += self._fixed.take(stop)
            seen -= self._fixed.take(start)
        for term in self._terms:
            seen += term.count(query, start, stop)
        return seen


def _disjoint(bands: tuple[Band, ...], rows: slice) -> Iterator[tuple[Positions, Positions]]:
    """Start and stop of bands that show the same keys and never overlap."""
    starts, stops = sorted_edges(bands, rows)
    for index, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        yield (np.maximum(start, stops[index - 1]) if index else start), stop


def _check_size(size: int, most: int, num_tokens: int) -> None:
    if size > most:
        allowed = f"must be a union of fewer shapes to be counted at {num_tokens:,} tokens"
        remedy = f"The limit is {most:,}; use fewer tokens or primitives."
        raise PatternError("attend", allowed, f"{size:,} entries", remedy)


def _any(flags: Iterable[Flags | None]) -> Flags | None:
    given = [flag for flag in flags if flag is not None]
    return np.logical_or.reduce(given) if given else None
