"""What a pattern looks like: its layers by heads, and a small picture of every different mask."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import groupby
from math import prod

import numpy as np
from matplotlib.image import imsave

from nas.errors import NasError
from nas.patterns.counting.pairs import count_pairs, full_pairs
from nas.patterns.drawing.layout import cell_edges, describe
from nas.patterns.drawing.picture import COLOURS, cell_colours
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern

MOST_TOKENS = 2**15
"""No longer sequence is drawn, as drawing takes time in proportion."""
MOST_CELLS = 128
"""Most cells on a side of a picture; each is coloured if any pair in it is seen."""
MOST_MASKS = 12
"""Different masks of a pattern that are drawn."""
MOST_ROWS, MOST_COLUMNS = 12, 16
"""Layers and heads up to which each has a place of its own; beyond, adjacent ones that attend alike share one."""
_COMMON = ("global", "window")
"""Kinds that say least about a union, as most have them; the last one least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskPicture:
    """One of the different masks of a pattern.

    Args:
        letter: its name on the page.
        label: the union as labels have it, such as w16+g1.
        words: the union in words.
        share: pairs as a share of full attention's, in words.
        colour: of the kind that tells most about it.
        kinds: (kind, colour) pairs of the picture.
        source: the picture as a data URI; empty if it is not drawn.
        num_heads: heads that have it, over all layers.
    """

    letter: str
    label: str
    words: str
    share: str
    colour: str
    kinds: tuple[tuple[str, str], ...]
    source: str
    num_heads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """A layer, or adjacent layers that attend alike.

    Args:
        name: their numbers.
        groups: masks in the order of the heads, each with the number of adjacent heads that it stands for.
    """

    name: str
    groups: tuple[tuple[MaskPicture, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternPicture:
    """A pattern, layer by head.

    Args:
        rows: from the first layer on.
        masks: every different mask once, in the order of the layers.
        num_left_out: masks that are named and not drawn.
        num_tokens: length that is drawn, in tokens.
    """

    rows: tuple[LayerRow, ...]
    masks: tuple[MaskPicture, ...]
    num_left_out: int
    num_tokens: int


def pattern_picture(pattern: ModelPattern, num_tokens: int) -> PatternPicture:
    """A pattern at a length, in tokens; one with a grid at that of the grid."""
    length = prod(pattern.grid) if pattern.grid else min(num_tokens, MOST_TOKENS)
    heads: dict[HeadPattern, int] = {}
    for layer in pattern.layers:
        for head in layer.head_patterns():
            heads[_anywhere(head)] = heads.get(_anywhere(head), 0) + 1
    masks = {
        head: _mask(head, length, place, count, drawn=place < MOST_MASKS)
        for place, (head, count) in enumerate(heads.items())
    }
    return PatternPicture(
        rows=tuple(_rows(pattern, masks)),
        masks=tuple(masks.values()),
        num_left_out=max(0, len(masks) - MOST_MASKS),
        num_tokens=length,
    )


def _anywhere(head: HeadPattern) -> HeadPattern:
    """The head as if it were the first one: draws of random blocks differ, and one stands for all."""
    return replace(head, layer=0, head=0)


def _rows(pattern: ModelPattern, masks: dict[HeadPattern, MaskPicture]) -> Iterator[LayerRow]:
    def heads_of(layer: LayerPattern) -> tuple[HeadPattern, ...]:
        return tuple(_anywhere(head) for head in layer.head_patterns())

    if pattern.num_layers <= MOST_ROWS:
        runs = [([layer.index], heads_of(layer)) for layer in pattern.layers]
    else:
        folded = groupby(pattern.layers, key=heads_of)
        runs = [([layer.index for layer in alike], heads) for heads, alike in folded]
    for numbers, heads in runs:
        name = f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"
        if pattern.num_heads <= MOST_COLUMNS:
            yield LayerRow(name=name, groups=tuple((masks[head], 1) for head in heads))
        else:
            yield LayerRow(name=name, groups=tuple((masks[head], len(list(same))) for head, same in groupby(heads)))


def _mask(head: HeadPattern, num_tokens: int, place: int, count: int, *, drawn: bool) -> MaskPicture:
    kinds = [primitive.kind for primitive in head.attend]
    telling = min(kinds, key=lambda kind: _COMMON.index(kind) if kind in _COMMON else -1)
    return MaskPicture(
        letter=_letter(place),
        label="+".join(primitive.label(head.causal) for primitive in head.attend),
        words=describe(head),
        share=_share(head, num_tokens),
        colour=COLOURS[telling],
        kinds=tuple((kind, COLOURS[kind]) for kind in dict.fromkeys(kinds)),
        source=_source(head, num_tokens) if drawn else "",
        num_heads=count,
    )


def _share(head: HeadPattern, num_tokens: int) -> str:
    try:
        return f"{count_pairs(head, num_tokens) / full_pairs(head.causal, num_tokens):.1%} of all pairs"
    except NasError:  # too many shapes to be counted at this length
        return "too many shapes to be counted"


def _letter(place: int) -> str:
    """A to Z, then AA and so on."""
    first, last = divmod(place, 26)
    return (_letter(first - 1) if first else "") + chr(ord("A") + last)


def _source(head: HeadPattern, num_tokens: int) -> str:
    """The mask as a PNG in a data URI: unseen pairs are clear, those of later keys a faint grey."""
    num_cells = min(num_tokens, MOST_CELLS)
    try:
        colours = cell_colours(head, num_tokens, num_cells)
    except NasError:  # too many shapes to be drawn at this length
        return ""
    image = np.dstack([colours, np.ones((num_cells, num_cells))])
    image[(colours == 1).all(axis=2)] = 0
    if head.causal:
        edges = cell_edges(num_tokens, num_cells)
        image[edges[None, :-1] > edges[1:, None] - 1] = (0.5, 0.5, 0.5, 0.16)
    png = BytesIO()
    imsave(png, image, format="png", metadata={"Software": "nas"})
    return f"data:image/png;base64,{b64encode(png.getvalue()).decode()}"
