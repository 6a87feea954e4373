"""Comparing the masks that exported files describe with those of the pattern they were written from."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from nas.errors import ExportError
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import MaskPrimitive, Random

_SHORT_LENGTHS, _MOST_WHOLE, _MOST_DENSE = (1, 2, 37), 1 << 8, 1 << 10
_LONGEST, _LONGEST_RANDOM = 1 << 17, 1 << 12
_NUM_QUERIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The masks that exported files describe, as read back.

    Args:
        rows: from layer, queries (shape (queries,)) and sequence length, both in tokens, to the keys that these
            queries see: bool, shape (heads, queries, keys).
        multiple_of: lengths must be a multiple of it, in tokens.
        at_least: the shortest length, in tokens.
        only: the one length that the files are for, in tokens; None for any.
    """

    rows: Callable[[int, Positions, int], Flags]
    multiple_of: int = 1
    at_least: int = 1
    only: int | None = None

    def length_from(self, num_tokens: int) -> int:
        """The shortest length that the files allow and that is no shorter than `num_tokens`, in tokens."""
        if self.only is not None:
            return self.only
        return -(-max(num_tokens, self.at_least) // self.multiple_of) * self.multiple_of


def compare_masks(reading: Reading, pattern: ModelPattern, name: str, *, longest: int = _LONGEST) -> tuple[str, ...]:
    """Compare the masks of all layers and heads: in full at short lengths, in eight query rows at a long one.

    The long length is twice the largest number in the pattern, so that every edge lies inside it, but at most
    131,072 tokens (4,096 where blocks are drawn at random, whose table grows with the square). Up to 256 tokens,
    masks are compared in full there too. A pattern with a grid is compared only at the grid's length, files for one
    length only at that: in full up to 1,024 tokens, and in eight query rows above that.

    Args:
        reading: the masks that the files describe.
        pattern: the pattern that the files were written from.
        name: name of the format, for messages.
        longest: upper limit of the long length, in tokens.

    Returns:
        what was compared, in words.

    Raises:
        ExportError: a mask differs; the message names the first layer, head and length. Or the files do not allow
            the length of the pattern's grid.
    """
    if pattern.grid and reading.length_from(prod(pattern.grid)) != prod(pattern.grid):
        raise ExportError(f"{name}: what was read back does not allow the {prod(pattern.grid)} tokens of the grid.")
    dense = sorted({reading.length_from(length) for length in _lengths(pattern)})
    dense = [length for length in dense if length <= _MOST_DENSE]
    for num_tokens in dense:
        _compare(reading, pattern, np.arange(num_tokens), num_tokens, name)
    whole = (f"masks of all layers and heads at {', '.join(map(str, dense))} tokens",) if dense else ()
    num_tokens = reading.length_from(min(covering_length(pattern), longest))
    if num_tokens in dense:
        return whole
    query = np.arange(_NUM_QUERIES) * (num_tokens - 1) // (_NUM_QUERIES - 1)
    _compare(reading, pattern, query, num_tokens, name)
    return (*whole, f"{_NUM_QUERIES} query rows of all masks at {num_tokens} tokens")


def covering_length(pattern: ModelPattern) -> int:
    """A length, in tokens, that has every edge of the pattern inside it: twice the largest number; a grid's own."""
    if pattern.grid is not None:
        return prod(pattern.grid)
    primitives = [p for layer in pattern.layers for group in layer.heads for p in group.attend]
    numbers = [
        value for p in primitives for name, value in p.to_dict().items() if isinstance(value, int) and name != "seed"
    ]
    reaches = [max(span) for p in primitives if isinstance(p, MaskPrimitive) and (span := p.span(pattern.causal))]
    longest = _LONGEST_RANDOM if any(isinstance(p, Random) for p in primitives) else _LONGEST
    return min(2 * max([1, *numbers, *reaches]) + 3, longest)


def _lengths(pattern: ModelPattern) -> tuple[int, ...]:
    """Where masks are compared in full, in tokens."""
    long = covering_length(pattern)
    if pattern.grid is not None:
        return (long,)
    return (*_SHORT_LENGTHS, long) if long <= _MOST_WHOLE else _SHORT_LENGTHS


def _compare(reading: Reading, pattern: ModelPattern, query: Positions, num_tokens: int, name: str) -> None:
    for layer in range(pattern.num_layers):
        ours, theirs = _rows(pattern, layer, query, num_tokens), reading.rows(layer, query, num_tokens)
        if ours.shape != theirs.shape:
            raise ExportError(
                f"{name}: the masks read back of layer {layer} must have the shape {ours.shape}, got {theirs.shape}."
            )
        if not np.array_equal(ours, theirs):
            head = np.argwhere(ours != theirs)[0, 0]
            raise ExportError(
                f"{name}: the mask read back differs from the pattern's in layer {layer}, head {head}, "
                f"at {num_tokens} tokens."
            )


def _rows(pattern: ModelPattern, layer: int, query: Positions, num_tokens: int) -> Flags:
    """The rows of a layer's masks by the pattern itself, shape (heads, queries, keys)."""
    heads, key = pattern.layers[layer].head_patterns(), np.arange(num_tokens)
    rows = {head: head.visible(query[:, None], key, num_tokens) for head in dict.fromkeys(heads)}
    return np.stack([np.broadcast_to(rows[head], (len(query), num_tokens)) for head in heads])
