"""The `sparse_attention` section of a DeepSpeed config: a type for each mode, with the blocks that it computes.

Source: deepspeed/ops/sparse_attention/sparsity_config.py of DeepSpeed 0.19.6; later versions no longer have it.
"""

from collections.abc import Callable
from typing import Literal

import msgspec
import numpy as np

from nas.export.contract.masks import Reading
from nas.patterns.arrays import Flags, Positions

Attention = Literal["unidirectional", "bidirectional"]
"""Whether the blocks after a query's own are left out."""


class _Mode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="mode"):
    """The key that all modes have.

    Args:
        block: side of a block, in tokens.
    """

    block: int

    @property
    def multiple_of(self) -> int:
        """Sequence lengths must be a multiple of this number, in tokens."""
        return self.block

    @property
    def at_least(self) -> int:
        """The shortest sequence length, in tokens."""
        return self.block


class Dense(_Mode, frozen=True, kw_only=True, tag="dense"):
    """Full attention."""

    def computes(self, row: Positions, column: Positions) -> Flags:
        """Which blocks are computed, by indices of their rows and columns, which broadcast."""
        return (row >= 0) & (column >= 0)


class Fixed(_Mode, frozen=True, kw_only=True, tag="fixed"):
    """Chunks with columns at their ends.

    Args:
        num_local_blocks: blocks in a chunk.
        num_global_blocks: blocks at the end of each chunk that all queries see.
        attention: see `Attention`.
        horizontal_global_attention: whether queries in the global blocks see all keys.
        num_different_global_patterns: with more than 1, heads would differ.
    """

    num_local_blocks: int
    num_global_blocks: int
    attention: Attention
    horizontal_global_attention: bool = False
    num_different_global_patterns: Literal[1] = 1

    @property
    def multiple_of(self) -> int:
        """A multiple of whole chunks, in tokens."""
        return self.block * self.num_local_blocks

    def computes(self, row: Positions, column: Positions) -> Flags:
        """See `Dense`."""
        local, first = self.num_local_blocks, self.num_local_blocks - self.num_global_blocks
        seen: Flags = (row // local == column // local) | (column % local >= first)
        if self.horizontal_global_attention:
            seen = seen | (row % local >= first)
        return seen & (column <= row) if self.attention == "unidirectional" else seen


class Variable(_Mode, frozen=True, kw_only=True, tag="variable"):
    """Chunks with global blocks.

    Args:
        num_random_blocks: blocks that DeepSpeed would draw.
        local_window_blocks: blocks in a chunk.
        global_block_indices: first block of each range of global blocks.
        global_block_end_indices: the block after the last of each range.
        attention: see `Attention`.
        horizontal_global_attention: whether queries in the global blocks see all keys.
    """

    num_random_blocks: Literal[0] = 0
    local_window_blocks: tuple[int]
    global_block_indices: tuple[int, ...]
    global_block_end_indices: tuple[int, ...]
    attention: Attention
    horizontal_global_attention: bool

    def computes(self, row: Positions, column: Positions) -> Flags:
        """See `Dense`."""
        (local,) = self.local_window_blocks
        ranges = list(zip(self.global_block_indices, self.global_block_end_indices, strict=True))
        seen: Flags = (row // local == column // local) | _inside(column, ranges)
        if self.horizontal_global_attention:
            seen = seen | _inside(row, ranges)
        return seen & (column <= row) if self.attention == "unidirectional" else seen


class BSLongformer(_Mode, frozen=True, kw_only=True, tag="bslongformer"):
    """Neighbouring blocks, and global blocks whose queries see all keys.

    Args:
        num_sliding_window_blocks: the blocks on both sides of a query's own, which counts too.
        global_block_indices: first block of each range of global blocks.
        global_block_end_indices: the block after the last of each range.
    """

    num_sliding_window_blocks: int
    global_block_indices: tuple[int, ...]
    global_block_end_indices: tuple[int, ...]

    @property
    def at_least(self) -> int:
        """The window, in tokens."""
        return self.block * self.num_sliding_window_blocks

    def computes(self, row: Positions, column: Positions) -> Flags:
        """See `Dense`."""
        ranges = list(zip(self.global_block_indices, self.global_block_end_indices, strict=True))
        near: Flags = np.abs(row - column) <= self.num_sliding_window_blocks // 2
        return near | _inside(row, ranges) | _inside(column, ranges)


Section = Dense | Fixed | Variable | BSLongformer


class _Config(msgspec.Struct):
    """A DeepSpeed config, of which only the section is read."""

    sparse_attention: Section


def section_text(section: Section) -> str:
    """A config with the section alone, in JSON."""
    return msgspec.json.format(msgspec.json.encode(_Config(section)), indent=2).decode() + "\n"


def parse_section(text: str | bytes) -> Section:
    """The section of a config.

    Raises:
        msgspec.ValidationError: it has a key or a value that `nas` does not write.
    """
    return msgspec.json.decode(text, type=_Config).sparse_attention


def layout_reading(section: Section, layout: Callable[[int], Flags], num_heads: int, causal: bool) -> Reading:
    """The masks of a layout, with the causal mask that the model adds.

    Args:
        section: the section.
        layout: from a sequence length to the blocks that are computed, shape (heads, blocks, blocks); 1 head may stand
            for all.
        num_heads: heads of the model.
        causal: whether the model hides later keys.
    """
    block = section.block

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        own, key = query[:, None], np.arange(num_tokens)
        seen = layout(num_tokens)[:, own // block, key // block]
        return np.broadcast_to(seen & (key <= own) if causal else seen, (num_heads, len(query), num_tokens))

    return Reading(rows=rows, multiple_of=section.multiple_of, at_least=section.at_least)


def computed_blocks(section: Section, num_tokens: int) -> Flags:
    """Which blocks a section computes at a length in tokens, shape (1, blocks, blocks): all heads share one layout."""
    index = np.arange(num_tokens // section.block)
    return np.broadcast_to(section.computes(index[:, None], index), (1, len(index), len(index)))


def _inside(index: Positions, ranges: list[tuple[int, int]]) -> Flags:
    inside = np.zeros(index.shape, dtype=np.bool_)
    for start, end in ranges:
        inside |= (start <= index) & (index < end)
    return inside
