"""Format `deepspeed`: the `sparse_attention` section of a DeepSpeed config.

Source: deepspeed/ops/sparse_attention/sparsity_config.py of DeepSpeed 0.19.6; later versions no longer have it.
"""

import json
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from nas.export.contract.format import Files, Format, Library
from nas.export.contract.heads import Heads, masked_heads, refusal
from nas.export.contract.masks import Reading, compare_masks
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Primitive
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "deepspeed"
FILE_NAME = "deepspeed_config.json"
BLOCK = 16
"""Side of a block unless `--block` sets it, in tokens: DeepSpeed's own default."""

USAGE = f"""`{FILE_NAME}` holds the `sparse_attention` section of a DeepSpeed config. The number of heads and the
sequence length come from the model. The length must be a multiple of `block`, and in mode `fixed` of
`block * num_local_blocks`.

```python
import json
from pathlib import Path

section = json.loads(Path("{FILE_NAME}").read_text())["sparse_attention"]
```

The section lists which blocks are computed. A causal pattern also needs the causal mask, as `attn_mask` of
`SparseSelfAttention`: the layout does not hide later keys inside the blocks on the diagonal. DeepSpeed 0.19.6 has these
layouts, DeepSpeed 0.19.8 does not; their kernels need torch below 2.
"""

_WHY = "it represents full attention, or chunks of whole blocks, alone or with columns or first tokens"


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The section.

    Raises:
        Refusal: no mode of DeepSpeed has the pattern's layout of blocks, or its grid is not made of whole blocks.
    """
    block = settings.block_tokens or BLOCK
    layers = masked_heads(pattern, NAME)
    leader = layers[0][0]
    section = _section(leader, block, pattern.causal)
    for heads in layers:
        for group in heads:
            if group.union != leader.union:
                raise group.refuse_unlike(NAME, leader, "all layers and heads share one layout")
    if pattern.grid:
        _check_length(prod(pattern.grid), section)
    return {FILE_NAME: json.dumps({"sparse_attention": section}, indent=2) + "\n"}


def _check_length(num_tokens: int, section: dict[str, Any]) -> None:
    multiple, least = _lengths(section)
    if num_tokens % multiple or num_tokens < least:
        why = f"its {num_tokens} tokens must be a multiple of {multiple}, and {least} or more (--block)"
        raise refusal(NAME, "grid", "all layers and heads (grid)", why)


def _section(heads: Heads, block: int, causal: bool) -> dict[str, Any]:
    union = heads.union
    if union == (Full(),):
        return {"mode": "dense", "block": block}
    blocks = [one for one in union if isinstance(one, Block)]
    others = [one for one in union if not isinstance(one, Block)]
    for primitive in union:
        if not _in_blocks(primitive, block):
            raise heads.refuse(NAME, primitive, f"{_WHY}; the side of a block is {block} tokens (--block)")
    if not causal and len(others) <= 1 and all(isinstance(one, Global) for one in others):
        around = _blocks_around(blocks, block)
        if around:
            return _bslongformer(block, around, others)
    if len(blocks) != 1 or blocks[0].shift or len(others) > 1:
        raise heads.refuse(NAME, others[-1] if len(others) > 1 else union[0], _WHY)
    local = blocks[0].tokens // block
    (other,) = others or (None,)
    if isinstance(other, Columns):
        if other.every != blocks[0].tokens or local % (other.width // block):
            raise heads.refuse(NAME, other, "columns repeat with the chunks, and their width divides them")
        return _fixed(block, local, other.width // block, causal)
    return _variable(block, local, other.first // block if isinstance(other, Global) else 0, causal)


def _in_blocks(primitive: Primitive, block: int) -> bool:
    """Whether all edges of the primitive lie between blocks, at every length that is a multiple of a block."""
    if isinstance(primitive, Block):
        return primitive.tokens % block == 0 and primitive.shift % block == 0
    if isinstance(primitive, Columns):
        return primitive.every % block == 0 and primitive.width % block == 0
    return isinstance(primitive, Global) and primitive.first % block == 0 and not primitive.last


def _blocks_around(blocks: list[Block], block: int) -> int | None:
    """How many blocks before and after its own a query sees, if the chunks together amount to that; else None.

    Chunks of w + 1 blocks, cut at every block in turn, join exactly the blocks that lie at most w apart.
    """
    sides = {one.tokens for one in blocks}
    if len(sides) != 1 or {one.shift for one in blocks} != set(range(0, min(sides), block)):
        return None
    return min(sides) // block - 1


def _bslongformer(block: int, around: int, globals_: list[Primitive]) -> dict[str, Any]:
    first = max((one.first // block for one in globals_ if isinstance(one, Global)), default=0)
    section = {"mode": "bslongformer", "block": block, "num_sliding_window_blocks": 2 * around + 1}
    return section | _first_blocks(first)


def _first_blocks(first: int) -> dict[str, list[int]]:
    """The keys for `first` global blocks at the start."""
    return {"global_block_indices": [0] if first else [], "global_block_end_indices": [first] if first else []}


def _fixed(block: int, local: int, width: int, causal: bool) -> dict[str, Any]:
    return {
        "mode": "fixed",
        "block": block,
        "num_local_blocks": local,
        "num_global_blocks": width,
        "attention": _attention(causal),
        "horizontal_global_attention": False,
        "num_different_global_patterns": 1,
    }


def _variable(block: int, local: int, first: int, causal: bool) -> dict[str, Any]:
    return {
        "mode": "variable",
        "block": block,
        "num_random_blocks": 0,
        "local_window_blocks": [local],
        **_first_blocks(first),
        "attention": _attention(causal),
        "horizontal_global_attention": bool(first) and not causal,
    }


def _attention(causal: bool) -> str:
    return "unidirectional" if causal else "bidirectional"


def _lengths(section: dict[str, Any]) -> tuple[int, int]:
    """What a sequence length must be a multiple of, and the shortest one, both in tokens."""
    block: int = section["block"]
    chunk: int = section["num_local_blocks"] if section["mode"] == "fixed" else 1
    return block * chunk, block * section.get("num_sliding_window_blocks", 1)


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the masks of the section with the pattern's; what was compared, in words.

    Raises:
        ExportError: one differs.
    """
    return compare_masks(read(files, pattern.num_heads, pattern.causal), pattern, NAME)


def read(files: Files, num_heads: int, causal: bool) -> Reading:
    """The masks by DeepSpeed's rules, written here over block indices.

    Args:
        files: what `write` returned.
        num_heads: heads of the model.
        causal: whether the model hides later keys.
    """
    section = json.loads(files[FILE_NAME])["sparse_attention"]

    def layout(num_tokens: int) -> Flags:
        index = np.arange(num_tokens // section["block"])
        return np.broadcast_to(_LAYOUTS[section["mode"]](section, index[:, None], index), (1, len(index), len(index)))

    return layout_reading(section, layout, num_heads, causal)


def layout_reading(section: dict[str, Any], layout: Callable[[int], Flags], num_heads: int, causal: bool) -> Reading:
    """The masks of a layout, with the causal mask that the model adds.

    Args:
        section: what the file holds.
        layout: from a sequence length to blocks that are computed, shape (heads, blocks, blocks); 1 head may stand for
            all.
        num_heads: heads of the model.
        causal: whether the model hides later keys.
    """
    block = section["block"]

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        own, key = query[:, None], np.arange(num_tokens)
        seen = layout(num_tokens)[:, own // block, key // block]
        return np.broadcast_to(seen & (key <= own) if causal else seen, (num_heads, len(query), num_tokens))

    multiple, least = _lengths(section)
    return Reading(rows=rows, multiple_of=multiple, at_least=least)


def _dense_layout(section: dict[str, Any], row: Positions, column: Positions) -> Flags:
    return (row >= 0) & (column >= 0)


def _fixed_layout(section: dict[str, Any], row: Positions, column: Positions) -> Flags:
    local: int = section["num_local_blocks"]
    width: int = section["num_global_blocks"]
    seen: Flags = (row // local == column // local) | (column % local >= local - width)
    return seen


def _variable_layout(section: dict[str, Any], row: Positions, column: Positions) -> Flags:
    local: int = section["local_window_blocks"][0]
    first: int = max(section["global_block_end_indices"], default=0)
    seen: Flags = (row // local == column // local) | (column < first)
    return seen | (row < first) if section["horizontal_global_attention"] else seen


def _bslongformer_layout(section: dict[str, Any], row: Positions, column: Positions) -> Flags:
    first: int = max(section["global_block_end_indices"], default=0)
    around: int = section["num_sliding_window_blocks"] // 2
    seen: Flags = (np.abs(row - column) <= around) | (row < first) | (column < first)
    return seen


_LAYOUTS: dict[str, Callable[[dict[str, Any], Positions, Positions], Flags]] = {
    "dense": _dense_layout,
    "fixed": _fixed_layout,
    "variable": _variable_layout,
    "bslongformer": _bslongformer_layout,
}


FORMAT = Format(
    name=NAME,
    summary="the sparse_attention section of DeepSpeed; one block layout for all layers and heads",
    write=write,
    check=check,
    usage=USAGE,
    options=frozenset({"block_tokens"}),
    library=Library(package="deepspeed", module="sparsity_config"),
)
