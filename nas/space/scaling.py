"""Sizes that follow from the sequence length, shared by the spaces and the baselines (docs/spaces.md)."""

from nas.patterns.primitives import Window


def window_of(keys: int, *, causal: bool, dilation: int = 1) -> Window:
    """A window counted as most libraries count it.

    Args:
        keys: causal: keys that a query sees, itself included. Bidirectional: twice the keys on each side,
            rounded down, the query itself besides.
        causal: whether all of them lie at or before the query.
        dilation: distance between neighbouring keys, in tokens.
    """
    return Window(keys - 1, 0, dilation) if causal else Window(keys // 2, keys // 2, dilation)


def root_stride(num_tokens: int) -> int:
    """The smallest power of two whose square is num_tokens or more, in tokens; 2 at least.

    Source: Child et al. 2019, section 4.3 (near the square root of n); their text model has 128 for 12,288.
    """
    stride = 2
    while stride * stride < num_tokens:
        stride *= 2
    return stride


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
