"""Format `flash-attention-4`: the block-sparse index tensors of FlashAttention 4, and what is inside partial blocks.

Source: `BlockSparseTensorsTorch` in flash_attn/cute/block_sparsity.py of Dao-AILab/flash-attention: for each block of
queries the indices of the blocks of keys that are computed, those without a mask (full) and those with one (mask).
"""

import numpy as np
from numpy.typing import NDArray

from nas.errors import InputError
from nas.export.contract.arrays_file import one_length, pack_arrays, unpack_arrays
from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.heads import masked_heads
from nas.export.contract.masks import Reading
from nas.patterns.arrays import Flags, Positions
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.results.bundle import OPTIONS, ExportSettings
from nas.results.provenance import Provenance

NAME = "flash-attention-4"
FILE_NAME = "block_sparse.npz"
BLOCK = 128
"""Side of a block unless `--block` sets it, in tokens: the kernel's tile on Hopper."""
_ARRAYS = {
    "mask_block_cnt": 3,
    "mask_block_idx": 4,
    "full_block_cnt": 3,
    "full_block_idx": 4,
    "partial_kind": 4,
    "partial_blocks": 3,
    "num_tokens": 0,
}
"""The arrays of the file, with their dimensions."""
_MOST_ENTRIES = 1 << 25
"""Most entries of one index tensor, at four bytes each, and of all partial blocks, at one."""

_EMPTY, _FULL = -1, -2
"""Kinds of blocks other than partial ones, which are numbered."""

Indices = NDArray[np.int32]

USAGE = f"""`{FILE_NAME}` holds arrays whose first axes are layer, head and block of queries, for one length:

| array | what it is |
|---|---|
| `mask_block_cnt`, `mask_block_idx` | how many blocks of keys are computed with a mask, and which, packed to the left |
| `full_block_cnt`, `full_block_idx` | the same for blocks that are visible altogether |
| `partial_kind` | which of `partial_blocks` each block with a mask is, by row and column; -1 for others |
| `partial_blocks` | the pairs that are visible in it |
| `num_tokens` | the length |

```python
import numpy as np
import torch
from flash_attn.cute.block_sparsity import BlockSparseTensorsTorch

arrays = np.load("{FILE_NAME}", allow_pickle=False)
names = ("mask_block_cnt", "mask_block_idx", "full_block_cnt", "full_block_idx")
tensors = BlockSparseTensorsTorch(*(torch.from_numpy(arrays[name][0])[None].cuda() for name in names))  # layer 0
```

Pass them as `block_sparse_tensors`, with a `mask_mod` that looks keys up in `partial_kind` and `partial_blocks` (as
`aux_tensors`): FlashAttention applies it in the blocks of `mask_block_idx` alone, and ignores `causal` beside it.
`--tokens` sets the length (default: the study's), `--block` the side of a block (default: {BLOCK}), which must be the
kernel's.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The arrays.

    Raises:
        InputError: the pattern's grid has another length, or the arrays would be too large.
        Refusal: a layer is not a mask.
    """
    masked_heads(pattern, NAME)
    num_tokens, block = one_length(pattern, provenance, settings), settings.block_tokens or BLOCK
    heads = [layer.head_patterns() for layer in pattern.layers]
    num_blocks = -(-num_tokens // block)
    if len(heads) * len(heads[0]) * num_blocks**2 > _MOST_ENTRIES:
        raise InputError(OPTIONS["block_tokens"], f"must be larger for {num_tokens} tokens", block)
    seen: dict[bytes, int] = {}
    kinds = {head: _kinds(head, num_tokens, block, seen) for layer in heads for head in layer}
    kind = np.stack([np.stack([kinds[head] for head in layer]) for layer in heads])
    partial = [np.frombuffer(content, dtype=np.bool_).reshape(block, block) for content in seen]
    mask_cnt, mask_idx = _packed(kind >= 0)
    full_cnt, full_idx = _packed(kind == _FULL)
    arrays = (
        mask_cnt,
        mask_idx,
        full_cnt,
        full_idx,
        np.maximum(kind, -1),
        np.stack(partial) if partial else np.zeros((0, block, block), dtype=np.bool_),
        np.array(num_tokens, dtype=np.int64),
    )
    return {FILE_NAME: pack_arrays(dict(zip(_ARRAYS, arrays, strict=True)))}


def _kinds(head: HeadPattern, num_tokens: int, block: int, seen: dict[bytes, int]) -> Indices:
    """What every block of a head is, shape (blocks, blocks): empty, full, or the number of a partial block.

    Args:
        head: any that consists of masks.
        num_tokens: sequence length, in tokens.
        block: side of a block, in tokens.
        seen: the numbers of partial blocks by their content; new ones are added.

    Raises:
        InputError: the partial blocks become too many.
    """
    num_blocks, key = -(-num_tokens // block), np.arange(num_tokens)
    kind = np.full((num_blocks, num_blocks), _EMPTY, dtype=np.int32)
    for row in range(num_blocks):
        query = key[row * block : (row + 1) * block, None]
        visible = np.broadcast_to(head.visible(query, key, num_tokens), (len(query), num_tokens))
        for column in range(num_blocks):
            inside = visible[:, column * block : (column + 1) * block]
            if inside.all():
                kind[row, column] = _FULL
            elif inside.any():
                whole = np.zeros((block, block), dtype=np.bool_)
                whole[: inside.shape[0], : inside.shape[1]] = inside
                kind[row, column] = seen.setdefault(whole.tobytes(), len(seen))
        if len(seen) * block**2 > _MOST_ENTRIES:
            raise InputError(OPTIONS["num_tokens"], "must be lower: too many blocks differ", num_tokens)
    return kind


def _packed(chosen: Flags) -> tuple[Indices, Indices]:
    """How many columns each row has, and which, ascending and packed to the left; other places are 0."""
    count = chosen.sum(axis=-1, dtype=np.int32)
    order = np.argsort(~chosen, axis=-1, kind="stable").astype(np.int32)
    order[np.arange(chosen.shape[-1]) >= count[..., None]] = 0
    return count, order


def read(files: Files, num_heads: int) -> Reading:
    """The masks by the rules of `BlockSparseTensorsTorch`, with `mask_mod` in the blocks of `mask_block_idx` alone.

    Raises:
        ExportError: the file is not such an archive.
    """
    arrays = unpack_arrays(files[FILE_NAME], _ARRAYS, NAME, FILE_NAME)
    mask_cnt, mask_idx, full_cnt, full_idx, kind, partial, num_tokens = (arrays[name] for name in _ARRAYS)
    block = partial.shape[-1]

    def seen_by(layer: int, head: int, query: int, length: int) -> Flags:
        place, row = (layer, head, query // block), query % block
        seen = np.zeros(-(-length // block) * block, dtype=np.bool_)
        for column in full_idx[place][: full_cnt[place]]:
            seen[column * block : (column + 1) * block] = True
        for column in mask_idx[place][: mask_cnt[place]]:
            seen[column * block : (column + 1) * block] = partial[kind[(*place, column)], row]
        return seen[:length]

    def rows(layer: int, query: Positions, length: int) -> Flags:
        return np.stack([np.stack([seen_by(layer, head, one, length) for one in query]) for head in range(num_heads)])

    return Reading(rows=rows, only=int(num_tokens))


FORMAT = Format(
    name=NAME,
    summary="block-sparse index tensors of FlashAttention 4 at one length; every mask, per layer and head",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    options=frozenset({"num_tokens", "block_tokens"}),
    library=NEEDS_GPU,
)
