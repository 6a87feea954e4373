"""Sizes that scale with the sequence length, shared by spaces and baselines (docs/spaces.md)."""

from nas.patterns.primitives import Global, Window
from nas.patterns.primitives.scale import root_stride


def window_of(keys: int, *, causal: bool, dilation: int = 1) -> Window:
    """A window counted as most libraries count it.

    Args:
        keys: causal: keys that a query sees, itself included. Bidirectional: half of them on each side, rounded down,
            and the query itself.
        causal: whether all of them are at or before the query.
        dilation: distance between neighbouring keys, in tokens.
    """
    return Window(keys - 1, 0, dilation) if causal else Window(keys // 2, keys // 2, dilation)


def first_tokens(count: int) -> tuple[Global, ...]:
    """Global tokens at the start, as a part of a union; empty for a count of 0."""
    return (Global(count),) if count else ()


def random_block(num_tokens: int) -> int:
    """Length of a block for `random`, in tokens: a 64th of the sequence (BigBird's 64 of 4,096), 1 at least."""
    return max(1, num_tokens // 64)


def powers(base: int, low: int, high: int) -> list[int]:
    """low, low * base, low * base * base and so on, up to high."""
    values = []
    while low <= high:
        values.append(low)
        low *= base
    return values


def window_widths(num_tokens: int) -> list[int]:
    """Widths to choose from, in keys: the powers of two from 4 to n."""
    return powers(2, 4, max(num_tokens, 4))


def global_counts(num_tokens: int) -> list[int]:
    """Numbers of global tokens to choose from: 0, then the powers of four up to n / 8, at most 64."""
    return [0, *powers(4, 1, min(64, num_tokens // 8))]


def root_strides(num_tokens: int) -> list[int]:
    """Strides to choose from, in tokens: half of `root_stride`, itself and its double, 2 at least."""
    root = root_stride(num_tokens)
    return [stride for stride in (root // 2, root, 2 * root) if stride >= 2]


def quarters(num_heads: int) -> list[int]:
    """Numbers of heads to choose from: none, a quarter, half, three quarters, all; each once."""
    return sorted({num_heads * quarter // 4 for quarter in range(5)})


def odd_at_most(size: int) -> int:
    """The largest odd number up to `size`, 3 at least: the side of a neighborhood."""
    return max(3, size - 1 + size % 2)
