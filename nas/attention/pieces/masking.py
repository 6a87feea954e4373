"""The exact mask of a tile, from the primitives' own predicates."""

import numpy as np
import torch
from torch import Tensor

from nas.attention.pieces.entries import Entries, Folded, Placed, Runs
from nas.attention.pieces.tile import Tile
from nas.patterns.arrays import Flags, Positions
from nas.patterns.head import HeadPattern

MOST_RUNS = 4
"""Most runs of keys that are copied one after the other; of more, keys are gathered one by one."""


class Masker:
    """Makes the tiles of one part.

    Most tiles of a pattern are equal (inside a window, for example), so equal biases are stored once.

    Args:
        union: the primitives of this part.
        earlier: the primitives of all parts before it, whose pairs are left out; None for the first part.
        num_tokens: sequence length n, in tokens.
        step: number of residue classes.
        device: of biases and key indices.
        dtype: of the biases.
    """

    def __init__(
        self,
        union: HeadPattern,
        earlier: HeadPattern | None,
        num_tokens: int,
        step: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._union, self._earlier = union, earlier
        self._num_tokens, self._step = num_tokens, step
        self._device, self._dtype = device, dtype
        self._biases: dict[tuple[tuple[int, ...], bytes], Tensor] = {}

    def folded(self, classes: slice, queries: slice, keys: Positions) -> Tile | None:
        """The tile of these entries of these residue classes; None if nothing in it is visible."""
        return self._tile(Folded(classes, queries), self._entries(classes, keys))

    def placed(self, origins: Positions, queries: Positions, keys: Positions) -> Tile | None:
        """The tile of tokens at these distances from each origin; None if nothing in it is visible."""
        first, asking, answering = (torch.from_numpy(x).to(self._device) for x in (origins, queries, keys))
        return self._tile(Placed(first, asking), Placed(first, answering))

    def _tile(self, queries: Entries, keys: Entries) -> Tile | None:
        query, key = (entries.tokens(self._step).numpy() for entries in (queries, keys))
        seen = self._seen(query[:, :, None], key[:, None, :])
        if not seen.any():
            return None
        return Tile(queries, keys, seen.size, None if seen.all() else self._bias(seen))

    def _seen(self, query: Positions, key: Positions) -> Flags:
        """Which pairs belong to this part; positions past the end of the sequence (padding) belong to none."""
        last = self._num_tokens - 1
        real = (query <= last) & (key <= last)
        query, key = np.minimum(query, last), np.minimum(key, last)
        seen: Flags = self._union.visible(query, key, self._num_tokens) & real
        return seen if self._earlier is None else seen & ~self._earlier.visible(query, key, self._num_tokens)

    def _bias(self, seen: Flags) -> Tensor:
        if (seen == seen[:1]).all():
            seen = seen[:1]
        label = (seen.shape, np.packbits(seen).tobytes())
        if label not in self._biases:
            bias = torch.zeros(seen.shape, dtype=self._dtype).masked_fill_(torch.from_numpy(~seen), -torch.inf)
            self._biases[label] = bias.to(self._device)
        return self._biases[label]

    def _entries(self, classes: slice, keys: Positions) -> Entries:
        turns = np.flatnonzero(np.diff(keys) != 1) + 1
        runs = tuple(slice(int(run[0]), int(run[-1]) + 1) for run in np.split(keys, turns))
        if len(runs) == 1:
            return Folded(classes, runs[0])
        if self._step == 1 and len(runs) <= MOST_RUNS:
            return Runs(runs)
        return Folded(classes, torch.from_numpy(keys).to(self._device))
