"""Format `deepspeed`: the `sparse_attention` section of a DeepSpeed config.

Source: deepspeed/ops/sparse_attention/sparsity_config.py of DeepSpeed 0.19.6; later versions no longer have it.
"""

from math import prod

from nas.export.contract.export_format import Files, Format, Library
from nas.export.contract.heads import Heads, masked_heads, refusal
from nas.export.contract.masks import Reading, compare_masks
from nas.export.formats.deepspeed_section import (
    Attention,
    BSLongformer,
    Dense,
    Fixed,
    Section,
    Variable,
    computed_blocks,
    layout_reading,
    parse_section,
    section_text,
)
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
    return {FILE_NAME: section_text(section)}


def _check_length(num_tokens: int, section: Section) -> None:
    multiple, least = section.multiple_of, section.at_least
    if num_tokens % multiple or num_tokens < least:
        why = f"its {num_tokens} tokens must be a multiple of {multiple}, and {least} or more (--block)"
        raise refusal(NAME, "grid", "all layers and heads (grid)", why)


def _section(heads: Heads, block: int, causal: bool) -> Section:
    """The section whose layout is that of a head group."""
    union = heads.union
    if union == (Full(),):
        return Dense(block=block)
    blocks = [one for one in union if isinstance(one, Block)]
    others = [one for one in union if not isinstance(one, Block)]
    for primitive in union:
        if not _in_blocks(primitive, block):
            raise heads.refuse(NAME, primitive, f"{_WHY}; the side of a block is {block} tokens (--block)")
    if not causal and len(others) <= 1 and all(isinstance(one, Global) for one in others):
        around = _blocks_around(blocks, block)
        if around:
            starts, ends = _global_blocks(others, block)
            return BSLongformer(
                block=block,
                num_sliding_window_blocks=2 * around + 1,
                global_block_indices=starts,
                global_block_end_indices=ends,
            )
    if len(blocks) != 1 or blocks[0].shift or len(others) > 1:
        raise heads.refuse(NAME, others[-1] if len(others) > 1 else union[0], _WHY)
    return _chunks(heads, blocks[0].tokens // block, others, block, causal)


def _chunks(heads: Heads, local: int, others: list[Primitive], block: int, causal: bool) -> Section:
    """The section of chunks of `local` blocks, alone or with columns or first tokens."""
    attention: Attention = "unidirectional" if causal else "bidirectional"
    (other,) = others or (None,)
    if isinstance(other, Columns):
        width = other.width // block
        if other.every != local * block or local % width:
            raise heads.refuse(NAME, other, "columns repeat with the chunks, and their width divides them")
        return Fixed(block=block, num_local_blocks=local, num_global_blocks=width, attention=attention)
    starts, ends = _global_blocks(others, block)
    return Variable(
        block=block,
        local_window_blocks=(local,),
        global_block_indices=starts,
        global_block_end_indices=ends,
        attention=attention,
        horizontal_global_attention=bool(starts) and not causal,
    )


def _global_blocks(others: list[Primitive], block: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The first blocks of the ranges of global blocks, and the blocks after their last: one range from 0, or none."""
    first = max((one.first // block for one in others if isinstance(one, Global)), default=0)
    return ((0,), (first,)) if first else ((), ())


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
    section = parse_section(files[FILE_NAME])
    return layout_reading(section, lambda num_tokens: computed_blocks(section, num_tokens), num_heads, causal)


FORMAT = Format(
    name=NAME,
    summary="the sparse_attention section of DeepSpeed; one block layout for all layers and heads",
    write=write,
    check=check,
    usage=USAGE,
    options=frozenset({"block_tokens"}),
    library=Library(package="deepspeed", module="sparsity_config"),
)
