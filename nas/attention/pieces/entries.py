"""Entries: which rows of a folded sequence a tile reads, and how they are read and written.

A folded sequence has shape (sequences, classes, entries, features): entry m of class c is token m * step + c
(`fold`). What is taken has shape (sequences * classes, entries, features).
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad


class Entries(Protocol):
    """Some entries of some classes, for a few sequences at a time."""

    def tokens(self, step: int) -> Tensor:
        """Their tokens, int64, shape (classes, entries), in a sequence folded with this step."""

    def take(self, x: Tensor, rows: slice) -> Tensor:
        """Their features in the sequences `rows` of the folded x."""

    def put(self, x: Tensor, rows: slice, values: Tensor) -> None:
        """Write what `take` would read."""

    def add_product(self, x: Tensor, rows: slice, a: Tensor, b: Tensor, scale: float = 1.0) -> None:
        """Add scale * a b to what `take` would read; an entry that occurs twice gets both."""


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """Entries of adjacent residue classes, the same ones in each.

    Args:
        classes: which residue classes.
        entries: which entries of each: a slice if they are adjacent, else int64 indices without repetition.
    """

    classes: slice
    entries: slice | Tensor

    def tokens(self, step: int) -> Tensor:
        """See `Entries`."""
        residue = torch.arange(self.classes.start, self.classes.stop)[:, None]
        if isinstance(self.entries, slice):
            return torch.arange(self.entries.start, self.entries.stop) * step + residue
        return self.entries.cpu() * step + residue

    def take(self, x: Tensor, rows: slice) -> Tensor:
        """See `Entries`."""
        return x[rows, self.classes, self.entries].flatten(0, 1)

    def put(self, x: Tensor, rows: slice, values: Tensor) -> None:
        """See `Entries`."""
        x[rows, self.classes, self.entries] = self._by_class(values)

    def add_product(self, x: Tensor, rows: slice, a: Tensor, b: Tensor, scale: float = 1.0) -> None:
        """See `Entries`."""
        if isinstance(self.entries, slice) and self.classes.stop - self.classes.start == 1:
            x[rows, self.classes.start, self.entries].baddbmm_(a, b, alpha=scale)  # in place, without another tensor
        else:
            x[rows, self.classes, self.entries] += self._by_class(torch.bmm(a, b) * scale)

    def _by_class(self, values: Tensor) -> Tensor:
        return values.view(-1, self.classes.stop - self.classes.start, *values.shape[1:])


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """A few runs of adjacent entries, in a sequence that is not folded (step 1); they are copied, not gathered.

    Args:
        runs: of each its first entry and the one past its last, without overlaps.
    """

    runs: tuple[slice, ...]

    def tokens(self, step: int) -> Tensor:
        """See `Entries`."""
        assert step == 1
        return torch.cat([torch.arange(run.start, run.stop) for run in self.runs])[None]

    def take(self, x: Tensor, rows: slice) -> Tensor:
        """See `Entries`."""
        return torch.cat([x[rows, 0, run] for run in self.runs], dim=1)

    def put(self, x: Tensor, rows: slice, values: Tensor) -> None:
        """See `Entries`."""
        for run, own in zip(self.runs, self._by_run(values), strict=True):
            x[rows, 0, run] = own

    def add_product(self, x: Tensor, rows: slice, a: Tensor, b: Tensor, scale: float = 1.0) -> None:
        """See `Entries`."""
        for run, own in zip(self.runs, self._by_run(a), strict=True):
            x[rows, 0, run].baddbmm_(own, b, alpha=scale)

    def _by_run(self, values: Tensor) -> tuple[Tensor, ...]:
        return values.split_with_sizes([run.stop - run.start for run in self.runs], dim=1)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Entries at the same distances from the origin of each class, in a sequence that is not folded (step 1).

    Args:
        origins: one token per class, int64, shape (classes,).
        offsets: distance of each entry from its class's origin, int64, shape (entries,), in tokens.
    """

    origins: Tensor
    offsets: Tensor

    def tokens(self, step: int) -> Tensor:
        """See `Entries`."""
        assert step == 1
        return self._places().cpu()

    def take(self, x: Tensor, rows: slice) -> Tensor:
        """See `Entries`."""
        places = self._places()
        return x[rows, 0].index_select(1, places.flatten()).view(-1, places.shape[1], x.shape[-1])

    def put(self, x: Tensor, rows: slice, values: Tensor) -> None:
        """See `Entries`."""
        x[rows, 0].index_copy_(1, self._places().flatten(), self._by_sequence(values))

    def add_product(self, x: Tensor, rows: slice, a: Tensor, b: Tensor, scale: float = 1.0) -> None:
        """See `Entries`."""
        x[rows, 0].index_add_(1, self._places().flatten(), self._by_sequence(torch.bmm(a, b) * scale))

    def _places(self) -> Tensor:
        return self.origins[:, None] + self.offsets

    def _by_sequence(self, values: Tensor) -> Tensor:
        return values.reshape(-1, len(self.origins) * len(self.offsets), values.shape[-1])


def fold(x: Tensor, step: int) -> Tensor:
    """(sequences, tokens, features) as (sequences, classes, entries, features), zeros in place of missing tokens."""
    if step == 1:
        return x.unsqueeze(1)
    padded = pad(x, (0, 0, 0, -x.shape[1] % step))
    return padded.reshape(len(x), -1, step, x.shape[2]).transpose(1, 2).contiguous()


def unfold(x: Tensor, num_tokens: int) -> Tensor:
    """The inverse of `fold`."""
    return x.transpose(1, 2).flatten(1, 2)[:, :num_tokens]
