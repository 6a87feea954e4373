"""Tiles of single primitives, and the pairs that they hold."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from nas.attention.pieces.consecutive import consecutive_tiles
from nas.attention.pieces.grid import grid_tiles
from nas.attention.pieces.masking import Masker
from nas.attention.pieces.residue import residue_tiles
from nas.attention.pieces.tile import Part, Tile
from nas.patterns.head import HeadPattern

MAKERS = {"consecutive": consecutive_tiles, "grid": grid_tiles, "residue": residue_tiles}


def masker_of(head: HeadPattern, num_tokens: int, step: int = 1, earlier: HeadPattern | None = None) -> Masker:
    return Masker(head, earlier, num_tokens, step, torch.device("cpu"), torch.float32)


def part_of(way: str, head: HeadPattern, num_tokens: int, step: int = 1) -> Part:
    """All tiles of a head whose primitives read the sequence in this way."""
    context = head.context(num_tokens)
    supports = [mask.support(context) for mask in head.masks]
    return Part(step, tuple(MAKERS[way](supports, context, masker_of(head, num_tokens, step))))


def seen_in(tile: Tile, step: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """The queries, the keys and which pairs count, class by class."""
    queries, keys = tile.queries.tokens(step), tile.keys.tokens(step)
    bias = torch.zeros(1, 1, 1) if tile.bias is None else tile.bias
    yield from zip(queries, keys, (bias == 0).expand(len(queries), queries.shape[1], keys.shape[1]), strict=True)


def pairs_held(parts: Iterable[Part], num_tokens: int) -> Tensor:
    """How often the tiles hold each pair, int64, shape (queries, keys)."""
    held = torch.zeros(num_tokens, num_tokens, dtype=torch.int64)
    for part in parts:
        for tile in part.tiles:
            for queries, keys, seen in seen_in(tile, part.step):
                row, column = seen.nonzero(as_tuple=True)
                held.index_put_((queries[row], keys[column]), torch.ones_like(row), accumulate=True)
    return held
