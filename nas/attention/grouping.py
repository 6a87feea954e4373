"""Heads that attend alike, worked on together."""

from nas.patterns.head import HeadPattern


def group_heads(heads: tuple[HeadPattern, ...]) -> dict[HeadPattern, slice | list[int]]:
    """Which heads share each distinct pattern: a slice where they are neighbours (no copy), else their numbers."""
    numbers: dict[HeadPattern, list[int]] = {}
    for number, head in enumerate(heads):
        numbers.setdefault(head, []).append(number)
    return {head: _as_slice(members) for head, members in numbers.items()}


def _as_slice(numbers: list[int]) -> slice | list[int]:
    first, last = numbers[0], numbers[-1]
    return slice(first, last + 1) if len(numbers) == last + 1 - first else numbers
