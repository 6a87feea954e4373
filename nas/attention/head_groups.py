"""Groups of heads that run together because they share a pattern or a kind."""

from collections.abc import Callable, Hashable
from functools import cached_property, lru_cache
from typing import TypeVar

from nas.patterns.head import HeadPattern

Members = slice | list[int]
"""Which heads: a slice if they are adjacent (indexing then copies nothing), else their indices."""

Label = TypeVar("Label", bound=Hashable)


class Heads(tuple[HeadPattern, ...]):
    """One pattern per head, hashed once.

    What attention needs to know of its heads is looked up by them at every call. A training run that keeps them as
    `Heads` looks it up in a time that does not grow with their number.
    """

    @cached_property
    def _hash(self) -> int:
        return super().__hash__()

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type["Heads"], tuple[tuple[HeadPattern, ...]]]:
        return Heads, (tuple(self),)  # without the hash, which another process computes otherwise


@lru_cache(maxsize=1024)
def by_kind(heads: tuple[HeadPattern, ...]) -> tuple[tuple[Members, Heads], ...]:
    """The heads in groups that a backend runs at once: all unions of masks, and each computed kind."""
    kinds = group_by(heads, lambda head: None if head.computed is None else head.computed.kind)
    return tuple((members, Heads(pick(heads, members))) for members in kinds.values())


def group_heads(heads: tuple[HeadPattern, ...]) -> dict[HeadPattern, Members]:
    """Which heads share each distinct pattern."""
    return group_by(heads, lambda head: head)


def group_by(heads: tuple[HeadPattern, ...], label: Callable[[HeadPattern], Label]) -> dict[Label, Members]:
    """Which heads share each label."""
    numbers: dict[Label, list[int]] = {}
    for number, head in enumerate(heads):
        numbers.setdefault(label(head), []).append(number)
    return {name: _as_slice(members) for name, members in numbers.items()}


def pick(heads: tuple[HeadPattern, ...], members: Members) -> tuple[HeadPattern, ...]:
    """The patterns of these heads."""
    return heads[members] if isinstance(members, slice) else tuple(heads[number] for number in members)


def _as_slice(numbers: list[int]) -> Members:
    first, last = numbers[0], numbers[-1]
    return slice(first, last + 1) if len(numbers) == last + 1 - first else numbers
