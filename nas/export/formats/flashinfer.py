"""Format `flashinfer`: block masks for FlashInfer's VariableBlockSparseAttentionWrapper.

Source: `VariableBlockSparseAttentionWrapper.plan` in flashinfer/sparse.py of FlashInfer, revision fb28d72.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nas.errors import InputError
from nas.export.contract.arrays_file import one_length, pack_arrays, unpack_arrays
from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.heads import Heads, kv_heads, masked_heads
from nas.export.contract.masks import Reading
from nas.patterns.arrays import Flags, Positions
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern
from nas.results.bundle import OPTIONS, ExportSettings
from nas.results.provenance import Provenance

NAME = "flashinfer"
FILE_NAME = "flashinfer.npz"
BLOCK = 64
"""Side of a block unless `--block` sets it, in tokens."""
_ARRAYS = {"block_mask_map": 4, "block_row_sz": 3, "block_col_sz": 3, "causal": 0, "num_tokens": 0}
"""The arrays of the file, with their dimensions."""
_MOST_BLOCKS = 1 << 28
"""Most entries of all maps together, at one byte each."""

USAGE = f"""`{FILE_NAME}` holds arrays for `VariableBlockSparseAttentionWrapper`, whose first axis is the layer, and
`causal` and `num_tokens`, the one length that they are for.

```python
import numpy as np
import torch

arrays = np.load("{FILE_NAME}", allow_pickle=False)
names = ("block_mask_map", "block_row_sz", "block_col_sz")
block_mask_map, block_row_sz, block_col_sz = (torch.from_numpy(arrays[name][0]) for name in names)  # layer 0
causal = bool(arrays["causal"])
```

Pass them, on the GPU, and `causal` to the wrapper's `plan`; the query heads of one KV head share its map. The map of a
causal pattern includes the blocks on the diagonal, in which `causal=True` hides later keys. `--tokens` sets the length
(default: the study's), `--block` the side of a block (default: {BLOCK}), `--kv-heads` the KV heads of the model
(default: one per head).
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The arrays.

    Raises:
        InputError: no length is known, the pattern's grid has another one, or the maps would be too large.
        Refusal: a head is not a layout of such blocks, or the query heads of a KV head differ.
    """
    num_tokens, block = one_length(pattern, provenance, settings), settings.block_tokens or BLOCK
    layers = [kv_heads(heads, settings.num_kv_heads, NAME) for heads in masked_heads(pattern, NAME)]
    if len(layers) * len(layers[0]) * (num_tokens / block) ** 2 > _MOST_BLOCKS:
        raise InputError(OPTIONS["block_tokens"], f"must be larger for {num_tokens} tokens", block)
    sizes = np.diff([*range(0, num_tokens, block), num_tokens]).astype(np.int32)
    maps = np.stack(
        [_layer_maps(groups, layer, num_tokens, block) for groups, layer in zip(layers, pattern.layers, strict=True)]
    )
    rows = np.broadcast_to(sizes, (*maps.shape[:2], len(sizes)))
    arrays = (maps, rows, rows, np.array(pattern.causal), np.array(num_tokens, dtype=np.int64))
    return {FILE_NAME: pack_arrays(dict(zip(_ARRAYS, arrays, strict=True)))}


def _layer_maps(groups: tuple[Heads, ...], layer: LayerPattern, num_tokens: int, block: int) -> Flags:
    """Which blocks each KV head of a layer computes, shape (KV heads, blocks, blocks)."""
    heads = layer.head_patterns()
    leaders = heads[:: len(heads) // len(groups)]
    maps = []
    for group, head in zip(groups, leaders, strict=True):
        found = _blocks_of(head, num_tokens, block)
        if found is None:
            alone = [one for one in group.union if _blocks_of(replace(head, attend=(one,)), num_tokens, block) is None]
            why = f"it is not a layout of blocks of {block} tokens (--block) at {num_tokens} tokens (--tokens)"
            raise group.refuse(NAME, alone[0], why)
        maps.append(found)
    return np.stack(maps)


@lru_cache(maxsize=64)
def _blocks_of(head: HeadPattern, num_tokens: int, block: int) -> Flags | None:
    """Which blocks a head sees, shape (blocks, blocks); None unless these blocks, cut causally, are all it sees."""
    num_blocks, key = -(-num_tokens // block), np.arange(num_tokens)
    found = np.zeros((num_blocks, num_blocks), dtype=np.bool_)
    for row in range(num_blocks):
        query = key[row * block : (row + 1) * block, None]
        seen = np.broadcast_to(head.visible(query, key, num_tokens), (len(query), num_tokens))
        found[row, key[seen.any(axis=0)] // block] = True
        whole = found[row, key // block]
        if not (seen == (whole & (key <= query) if head.causal else whole)).all():
            return None
    return found


def read(files: Files, num_heads: int) -> Reading:
    """The masks by the rules of `VariableBlockSparseAttentionWrapper.plan`.

    A block of queries sees the keys of its blocks in order; causal=True aligns its last query with the last of these
    keys, which belong to the block on the diagonal.

    Raises:
        ExportError: the file is not such an archive.
    """
    arrays = unpack_arrays(files[FILE_NAME], _ARRAYS, NAME, FILE_NAME)
    maps, row_sizes, column_sizes, causal, num_tokens = (arrays[name] for name in _ARRAYS)
    share = num_heads // maps.shape[1]

    def rows(layer: int, query: Positions, length: int) -> Flags:
        heads = []
        for kv_head in range(maps.shape[1]):
            sizes = row_sizes[layer, kv_head], column_sizes[layer, kv_head]
            heads.append(_seen_by(query, maps[layer, kv_head], *sizes, bool(causal)))
        return np.repeat(np.stack(heads), share, axis=0)

    return Reading(rows=rows, only=int(num_tokens))


def _seen_by(
    query: Positions, blocks: Flags, row_sizes: NDArray[np.int32], column_sizes: NDArray[np.int32], causal: bool
) -> Flags:
    """The keys that some queries of one KV head see, as `plan` aligns them, shape (queries, keys)."""
    row_ends = np.cumsum(row_sizes, dtype=np.int64)
    keys = np.arange(column_sizes.sum(dtype=np.int64))
    mask = np.zeros((len(query), len(keys)), dtype=np.bool_)
    for row, (one, block) in enumerate(zip(query, np.searchsorted(row_ends, query, side="right"), strict=True)):
        chosen = keys[np.repeat(blocks[block], column_sizes)]
        after = int(row_ends[block] - 1 - one) if causal else 0  # queries of its block that come later
        mask[row, chosen[: max(0, len(chosen) - after)]] = True
    return mask


FORMAT = Format(
    name=NAME,
    summary="block masks of FlashInfer at one length; any layout of blocks, per layer and KV head",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    options=frozenset({"num_tokens", "block_tokens", "num_kv_heads"}),
    library=NEEDS_GPU,
)
