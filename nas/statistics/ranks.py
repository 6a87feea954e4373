"""Ranks as shares, so that qualities in different units can be averaged."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Literal

Direction = Literal["minimize", "maximize"]
"""Which values of an objective are better."""


def rank_shares(values: Sequence[float], direction: Direction) -> list[float]:
    """Each value's rank among all of them, from 0 for the best to 1 for the worst; equal values share their mean rank.

    A single value has rank 0.

    Args:
        values: at least one, in one unit.
        direction: minimize or maximize.
    """
    signed = [value if direction == "minimize" else -value for value in values]
    ordered = sorted(signed)
    last = max(len(values) - 1, 1)
    return [(bisect_left(ordered, value) + bisect_right(ordered, value) - 1) / 2 / last for value in signed]
