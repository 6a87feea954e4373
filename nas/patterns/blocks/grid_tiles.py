"""Blocks of a grid whose tokens are permuted: each block is a rectangle of the grid instead of a stretch of a row.

Everything that a query sees is a few rectangles of grid places, and a rectangle of places touches a rectangle of tiles.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nas.patterns.arrays import Flags, Positions
from nas.patterns.head import HeadPattern
from nas.patterns.primitives.support import Band, Box, Progression


@dataclass(frozen=True, slots=True)
class GridTiles:
    """A grid cut into rectangles of equal size, numbered row by row; at the ends of the grid a kernel pads them.

    Args:
        grid: its rows and columns.
        tile: rows and columns of a tile.

    Source: Zhang et al. 2025 (sliding tile attention, arXiv 2502.04507); NATTEN's token permutation.
    """

    grid: tuple[int, int]
    tile: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of tiles."""
        return -(-self.grid[0] // self.tile[0]), -(-self.grid[1] // self.tile[1])

    @property
    def num_tiles(self) -> int:
        """All tiles of the grid."""
        return self.shape[0] * self.shape[1]

    def of(self, token: Positions) -> Positions:
        """The tile of each token, given by its number in the grid read row by row."""
        row, column = np.divmod(token, self.grid[1])
        tiles: Positions = row // self.tile[0] * self.shape[1] + column // self.tile[1]
        return tiles

    def strip(self, number: int) -> Positions:
        """The tokens of one row of tiles, ascending."""
        first = number * self.tile[0]
        return np.arange(first * self.grid[1], min(first + self.tile[0], self.grid[0]) * self.grid[1], dtype=np.int64)


def nonempty_tiles(head: HeadPattern, tiles: GridTiles) -> Iterator[Flags]:
    """Which pairs of tiles hold a visible pair, for one row of query tiles after the other.

    Args:
        head: a union of masks on the grid; its memory is not among the keys.
        tiles: how the grid is cut.

    Yields:
        shape (query tiles of the row, key tiles).
    """
    num_tokens = tiles.grid[0] * tiles.grid[1]
    supports = [mask.support(head.context(num_tokens)) for mask in head.masks]
    for number in range(tiles.shape[0]):
        strip = _Strip(tiles, head.causal, number)
        seen = np.zeros((tiles.shape[1], tiles.num_tiles), dtype=np.bool_)
        for support in supports:
            for band in support.bands:
                seen |= strip.of_band(band)
            for box in support.boxes:
                seen |= strip.of_box(box)
            for progression in support.progressions:
                seen |= strip.of_progression(progression)
            if support.keys is not None:
                seen |= strip.of_keys(support.keys)
            if support.queries is not None:
                seen |= strip.of_queries(support.queries)
        yield seen


class _Strip:
    """The queries of one row of tiles; every method gives which key tiles their tiles see, shape (tiles, key tiles)."""

    def __init__(self, tiles: GridTiles, causal: bool, number: int) -> None:
        self._tiles, self._causal = tiles, causal
        self._query = tiles.strip(number)
        self._own_tile = tiles.of(self._query) - number * tiles.shape[1]
        self._num_tokens = tiles.grid[0] * tiles.grid[1]
        self._allowed = self._query + 1 if causal else np.full_like(self._query, self._num_tokens)

    def of_band(self, band: Band) -> Flags:
        return self._runs(band.start[self._query], np.minimum(band.stop[self._query], self._allowed))

    def of_queries(self, queries: Flags) -> Flags:
        return self._runs(np.zeros_like(self._query), np.where(queries[self._query], self._allowed, 0))

    def of_keys(self, keys: Flags) -> Flags:
        """A tile sees a key that all see if its last query does."""
        key = np.flatnonzero(keys)
        earliest = np.full(self._tiles.num_tiles, self._num_tokens)
        np.minimum.at(earliest, self._tiles.of(key), key)
        last = np.zeros(self._tiles.shape[1], dtype=np.int64)
        np.maximum.at(last, self._own_tile, self._allowed)
        return earliest < last[:, None]

    def of_progression(self, progression: Progression) -> Flags:
        seen = self._nothing()
        step = progression.step
        most = self._num_tokens // step
        for times in range(0 if self._causal else -min(progression.after, most), min(progression.before, most) + 1):
            key = self._query - step * times
            real = (key >= 0) & (key < self._num_tokens)
            seen[self._own_tile[real], self._tiles.of(key[real])] = True
        return seen

    def of_box(self, box: Box) -> Flags:
        row, column = np.divmod(self._query, self._tiles.grid[1])
        rows, columns = (box.row_start[row], box.row_stop[row]), (box.column_start[column], box.column_stop[column])
        if not self._causal:
            return self._rectangles(*rows, *columns)
        own_row = (np.maximum(rows[0], row), np.minimum(rows[1], row + 1))
        own_columns = (columns[0], np.minimum(columns[1], column + 1))
        return self._rectangles(rows[0], np.minimum(rows[1], row), *columns) | self._rectangles(*own_row, *own_columns)

    def _runs(self, start: Positions, stop: Positions) -> Flags:
        """Of consecutive keys: the end of a row, whole rows, and the start of a row."""
        width = self._tiles.grid[1]
        row, column = np.divmod(start, width)
        last_row, last_column = np.divmod(np.maximum(stop, 1) - 1, width)
        some, last_stop, none = start < stop, last_column + 1, np.zeros_like(row)
        first_stop = np.where(last_row > row, width, last_stop)
        return (
            self._rectangles(row, np.where(some, row + 1, row), column, first_stop)
            | self._rectangles(row + 1, np.where(some, last_row, row), none, none + width)
            | self._rectangles(np.maximum(last_row, row + 1), np.where(some, last_row + 1, 0), none, last_stop)
        )

    def _rectangles(self, row: Positions, row_stop: Positions, column: Positions, column_stop: Positions) -> Flags:
        """Of places row <= r < row_stop in columns column <= c < column_stop; sums of their corners are above 0 inside.

        Args:
            row, row_stop, column, column_stop: for each query of the strip; empty where a stop is not above its start.
        """
        real = (row < row_stop) & (column < column_stop)
        (height, width), (num_rows, num_columns) = self._tiles.tile, self._tiles.shape
        shape = (num_columns, num_rows + 1, num_columns + 1)
        top, bottom = row[real] // height, (row_stop[real] - 1) // height + 1
        left, right = column[real] // width, (column_stop[real] - 1) // width + 1
        corners = np.zeros(shape, dtype=np.int64)
        for some_row, some_column, sign in ((top, left, 1), (bottom, left, -1), (top, right, -1), (bottom, right, 1)):
            place = np.ravel_multi_index((self._own_tile[real], some_row, some_column), shape)
            corners += sign * np.bincount(place, minlength=corners.size).reshape(shape)
        inside: Flags = corners.cumsum(axis=1).cumsum(axis=2)[:, :-1, :-1] > 0
        return inside.reshape(num_columns, -1)

    def _nothing(self) -> Flags:
        return np.zeros((self._tiles.shape[1], self._tiles.num_tiles), dtype=np.bool_)
