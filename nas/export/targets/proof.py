"""Comparing what was read with the pattern it was written from."""

from math import prod

import torch
from torch import Tensor

from nas.errors import ExportError
from nas.export.targets.reading import Reading
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import MaskPrimitive, Random

_SHORT_LENGTHS, _MOST_WHOLE, _MOST_DENSE = (1, 2, 37), 1 << 8, 1 << 10
_LONGEST, _LONGEST_RANDOM = 1 << 17, 1 << 12
_NUM_QUERIES = 8


def compare_masks(reading: Reading, pattern: ModelPattern, target: str, *, longest: int = _LONGEST) -> tuple[str, ...]:
    """Compare the masks of all layers and heads: whole at short lengths, eight query rows at a long one.

    The long length is twice the largest number in the pattern, so that every edge lies inside it, but
    at most 131,072 tokens (4,096 where blocks are drawn at random, whose table grows with the square); up to 256
    tokens masks are compared whole there too. A pattern with a grid, or a target with one length, is compared there:
    whole up to 1,024 tokens, and in eight query rows.

    Args:
        reading: what a reader makes of the files.
        pattern: what they were written from.
        target: name of the format, for messages.
        longest: where the long length ends, in tokens.

    Returns:
        what was compared, in words.

    Raises:
        ExportError: a mask differs; the message names the first layer, heads and length.
    """
    dense = sorted({reading.length_from(length) for length in _lengths(pattern)})
    dense = [length for length in dense if length <= _MOST_DENSE]
    for num_tokens in dense:
        _compare(reading, pattern, torch.arange(num_tokens), num_tokens, target)
    whole = (f"masks of all layers and heads at {', '.join(map(str, dense))} tokens",) if dense else ()
    num_tokens = reading.length_from(min(telling_length(pattern), longest))
    if num_tokens in dense:
        return whole
    query = torch.linspace(0, num_tokens - 1, _NUM_QUERIES, dtype=torch.float64).long()
    _compare(reading, pattern, query, num_tokens, target)
    return (*whole, f"{_NUM_QUERIES} query rows of all masks at {num_tokens} tokens")


def visible_rows(pattern: ModelPattern, layer: int, query: Tensor, num_tokens: int) -> Tensor:
    """The rows of a layer's masks by the pattern itself: bool, shape (heads, queries, num_tokens)."""
    heads, key = pattern.layers[layer].head_patterns(), torch.arange(num_tokens)
    rows = {head: head.visible(query[:, None], key, num_tokens) for head in dict.fromkeys(heads)}
    return torch.stack([rows[head].expand(len(query), num_tokens) for head in heads])


def telling_length(pattern: ModelPattern) -> int:
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


def _compare(reading: Reading, pattern: ModelPattern, query: Tensor, num_tokens: int, target: str) -> None:
    for layer in range(pattern.num_layers):
        ours, theirs = visible_rows(pattern, layer, query, num_tokens), reading.rows(layer, query, num_tokens)
        if not torch.equal(ours, theirs):
            which = "the shape" if ours.shape != theirs.shape else f"head {int((ours != theirs).nonzero()[0, 0])}"
            raise ExportError(
                f"{target}: what was read back is another mask than the pattern in layer {layer}, {which}, "
                f"at {num_tokens} tokens."
            )


def _lengths(pattern: ModelPattern) -> tuple[int, ...]:
    if pattern.grid is not None:
        return (prod(pattern.grid),)
    long = telling_length(pattern)
    return (*_SHORT_LENGTHS, long) if long <= _MOST_WHOLE else _SHORT_LENGTHS
