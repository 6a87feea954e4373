"""What a plan is made of: parts of a head's union, cut into tiles of queries by keys."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """Scores that are computed in one go.

    A part with step s reads the sequence as s residue classes; entry m of class c stands for token m * s + c.

    Args:
        classes: which residue classes.
        queries: which entries of each class ask.
        keys: which entries of each class answer: a slice where they are neighbours, else int64 numbers.
        num_scores: classes * queries * keys.
        bias: 0 where a query sees a key in this part and in no earlier one, -inf elsewhere; shape
            (classes or 1, queries, keys). None where every score counts.
    """

    classes: slice
    queries: slice
    keys: slice | Tensor
    num_scores: int
    bias: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The tiles that read the sequence with one step.

    Args:
        step: number of residue classes; 1 for the sequence as it stands.
        tiles: in any order; together they hold every pair of the part exactly once.
    """

    step: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How one head pattern runs at one length.

    Args:
        parts: disjoint; together they hold every visible pair exactly once.
    """

    parts: tuple[Part, ...]

    @property
    def num_scores(self) -> int:
        """Scores computed in a forward pass, masked ones included, for one head of one sequence."""
        return sum(tile.num_scores for part in self.parts for tile in part.tiles)
