"""Sizes that scale with the sequence length, shared by spaces and baselines (docs/spaces.md).

With a target they are those that the shorter trained model has, as many times as long: `n` is its own length.
"""

from nas.patterns.primitives import Global, Window
from nas.space.space import Shape


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


def root_stride(num_tokens: int) -> int:
    """The smallest power of two whose square is num_tokens or more, in tokens; 2 at least.

    Source: Child et al. 2019, section 4.3 (near the square root of n); their text model has 128 for 12,288.
    """
    stride = 2
    while stride * stride < num_tokens:
        stride *= 2
    return stride


def random_block(shape: Shape) -> int:
    """Length of a block for `random`, in tokens: a 64th of the sequence (BigBird's 64 of 4,096), 1 at least."""
    return shape.grain * max(1, shape.trained_tokens // 64)


def powers(base: int, low: int, high: int) -> list[int]:
    """low, low * base, low * base * base and so on, up to high."""
    values = []
    while low <= high:
        values.append(low)
        low *= base
    return values


def window_widths(shape: Shape, base: int = 2) -> list[int]:
    """Widths to choose from, in keys: 4, and its products with the powers of the base up to n.

    Args:
        shape: of the patterns.
        base: the factor from each to the next.
    """
    return [shape.grain * width for width in powers(base, 4, max(shape.trained_tokens, 4))]


def recent_widths(shape: Shape) -> list[int]:
    """Numbers of recent keys to choose from: the powers of two from 2 to n / 2."""
    return [shape.grain * width for width in powers(2, 2, max(2, shape.trained_tokens // 2))]


def global_counts(shape: Shape) -> list[int]:
    """Numbers of global tokens to choose from: 0, then the powers of four up to n / 8, at most 64.

    They are as many at every length (`nas.patterns.carry`).
    """
    return [0, *powers(4, 1, min(64, shape.trained_tokens // 8))]


def root_strides(shape: Shape) -> list[int]:
    """Strides to choose from, in tokens: half of `root_stride`, itself and its double, 2 at least."""
    root = root_stride(shape.trained_tokens)
    return [shape.grain * stride for stride in (root // 2, root, 2 * root) if stride >= 2]


def rank_counts(shape: Shape) -> list[int]:
    """Ranks to choose from, in rows: the powers of two times n / 32, up to n / 2."""
    n = shape.trained_tokens
    return [shape.grain * rank for rank in powers(2, max(1, n // 32), max(1, n // 2))]


def quarters(num_heads: int) -> list[int]:
    """Numbers of heads to choose from: none, a quarter, half, three quarters, all; each once."""
    return sorted({num_heads * quarter // 4 for quarter in range(5)})


def odd_at_most(size: int) -> int:
    """The largest odd number up to `size`, 3 at least: the side of a neighborhood."""
    return max(3, size - 1 + size % 2)
