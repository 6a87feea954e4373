"""The layout of a drawing: one panel per group of heads that attend alike, with captions and cells."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np
from numpy.typing import NDArray

from nas.patterns.counting.key_counts import KeyCounts
from nas.patterns.counting.pairs import count_pairs, full_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Primitive, Random
from nas.patterns.primitives.wording import counted

SHORTEST_TELLING, LONGEST_TELLING = 16, 2**15
"""Lengths between which one is chosen for a drawing, in tokens."""

Union = tuple[Primitive, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Heads that share a union, in layers that attend alike.

    Args:
        layers: numbers of the layers, from 0.
        heads: their numbers in each of these layers, from 0.
        head: the first of them, the one that is drawn.
    """

    layers: tuple[int, ...]
    heads: tuple[int, ...]
    head: HeadPattern

    def layer_names(self) -> str:
        """The layers in words (`layers 0-2, 4`)."""
        return _numbered("layer", self.layers)

    def head_names(self) -> str:
        """The heads in words (`heads 0-5`)."""
        return _numbered("head", self.heads)

    def density(self, num_tokens: int) -> str:
        """Pairs as a share of full attention's, in words (`12.4% of full`)."""
        share = count_pairs(self.head, num_tokens) / full_pairs(self.head.causal, num_tokens)
        return f"{share:.1%} of full"

    def stands_in(self) -> str:
        """A note on what is drawn if heads differ or content decides; else empty."""
        if self.head.computed is not None:
            return "shown: all it may read"
        differ = any(isinstance(primitive, Random) for primitive in self.head.attend)
        several = len(self.layers) * len(self.heads) > 1
        return f"shown: layer {self.head.layer}, head {self.head.head}" if differ and several else ""


Row = tuple[Panel, ...]
"""A panel for each distinct union of some layers that attend alike."""


def panel_rows(pattern: ModelPattern) -> tuple[Row, ...]:
    """The panels of a drawing: one row per group of layers that attend alike, with a panel for each distinct union."""
    alike: dict[tuple[int, tuple[Union, ...]], list[LayerPattern]] = {}
    for layer in pattern.layers:
        label = (layer.memory_tokens, tuple(head.attend for head in layer.head_patterns()))
        alike.setdefault(label, []).append(layer)
    return tuple(_panels(layers) for layers in alike.values())


def telling_length(pattern: ModelPattern) -> int:
    """A length at which a drawing tells the heads apart: four times a power of two at which each hides a pair.

    Full attention hides none at any length and does not count. A pattern with a grid has the length of the grid.
    """
    if pattern.grid:
        return prod(pattern.grid)
    length = SHORTEST_TELLING
    while length < LONGEST_TELLING // 4 and _looks_full(pattern, length):
        length *= 2
    return 4 * length


def drawn_length(pattern: ModelPattern, num_tokens: int) -> int:
    """A length to draw a pattern at: this one, in tokens, or a telling one where heads that hide keys look full."""
    return telling_length(pattern) if pattern.grid or _looks_full(pattern, num_tokens) else num_tokens


def _looks_full(pattern: ModelPattern, num_tokens: int) -> bool:
    """Whether a head that hides keys at some length hides none at this one."""
    heads = {panel.head for row in panel_rows(pattern) for panel in row}
    partial = [head for head in heads if not any(isinstance(one, Full) for one in head.attend)]
    return any(_hides_nothing(head, num_tokens) for head in partial)


def _hides_nothing(head: HeadPattern, num_tokens: int) -> bool:
    return count_pairs(head, num_tokens) >= full_pairs(head.causal, num_tokens)


def describe(head: HeadPattern) -> str:
    """What a head sees, in words: `window of 128 keys + first 4 tokens global`."""
    return " + ".join(parts_in_words(head))


def parts_in_words(head: HeadPattern) -> list[str]:
    """What a head sees, in words: an entry per primitive, the memory last."""
    memory = [f"memory of {counted(head.memory_tokens, 'token')}"] if head.memory_tokens else []
    return [primitive.words(head.causal) for primitive in head.attend] + memory


def seen_cells(head: HeadPattern, num_tokens: int, num_cells: int) -> NDArray[np.bool_]:
    """The outline's mask on a grid of cells: True where any pair in the cell is, or may be, seen.

    Exact at every length, in time proportional to num_tokens * num_cells. With num_cells = num_tokens
    this is the mask itself.

    Returns:
        shape (num_cells, num_cells), queries by keys.

    Raises:
        PatternError: the union has too many shapes to be drawn at this length.
    """
    counts = KeyCounts(head.outline(), num_tokens, num_edges=num_cells)
    edges = cell_edges(num_tokens, num_cells)
    rows = slice(0, num_tokens)
    below = counts.below(rows, 0)
    cells = np.empty((num_cells, num_cells), dtype=np.bool_)
    for column, edge in enumerate(edges[1:]):
        seen_before, below = below, counts.below(rows, int(edge))
        cells[:, column] = np.logical_or.reduceat(below > seen_before, edges[:-1])
    return cells


def cell_edges(num_tokens: int, num_cells: int) -> NDArray[np.int64]:
    """Where cells begin and end, shape (num_cells + 1,), in tokens; num_cells <= num_tokens."""
    return np.arange(num_cells + 1, dtype=np.int64) * num_tokens // num_cells


def _panels(layers: list[LayerPattern]) -> tuple[Panel, ...]:
    indices = tuple(layer.index for layer in layers)
    heads = layers[0].head_patterns()
    groups: dict[Union, list[int]] = {}
    for number, head in enumerate(heads):
        groups.setdefault(head.attend, []).append(number)
    return tuple(Panel(indices, tuple(numbers), heads[numbers[0]]) for numbers in groups.values())


def _numbered(noun: str, numbers: tuple[int, ...]) -> str:
    """`head 3`, `heads 0-2, 5`."""
    edges = [0, *(at for at, (one, two) in enumerate(pairwise(numbers), 1) if two != one + 1), len(numbers)]
    runs = [(numbers[start], numbers[stop - 1]) for start, stop in pairwise(edges)]
    text = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
    return f"{noun}{'s' if len(numbers) > 1 else ''} {text}"
