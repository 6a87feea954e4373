"""What exported files mean, as somebody who reads them sees it."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

Files = dict[str, str | bytes]
"""File names to texts, or to bytes where a format is binary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The masks that a reader makes of exported files.

    Args:
        rows: from layer, queries (int64, shape (queries,)) and sequence length, both in tokens, to the keys that
            these queries see: bool, shape (heads, queries, keys).
        multiple_of: lengths must be a multiple of it, in tokens.
        at_least: the shortest length, in tokens.
        only: the one length that there is, in tokens; None for any.
    """

    rows: Callable[[int, Tensor, int], Tensor]
    multiple_of: int = 1
    at_least: int = 1
    only: int | None = None

    def length_from(self, num_tokens: int) -> int:
        """The shortest length that is allowed and no shorter than asked for, in tokens."""
        if self.only is not None:
            return self.only
        return -(-max(num_tokens, self.at_least) // self.multiple_of) * self.multiple_of
