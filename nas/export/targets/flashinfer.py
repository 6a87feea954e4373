"""Target `flashinfer`: block masks for FlashInfer's VariableBlockSparseAttentionWrapper."""

from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nas.errors import ExportError, InputError
from nas.export.provenance import Provenance
from nas.export.settings import OPTIONS, ExportSettings
from nas.export.targets.reading import Files, Reading
from nas.export.targets.supported_heads import Heads, kv_heads, masked_heads
from nas.export.targets.target import NEEDS_GPU, Format, proved_by_masks
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern

NAME = "flashinfer"
FILE_NAME = "flashinfer.npz"
BLOCK = 64
"""Side of a block unless `--block` says otherwise, in tokens."""
_MOST_BLOCKS = 1 << 28
"""Entries of all maps together, at one byte each."""

USAGE = f"""`{FILE_NAME}` holds arrays for `VariableBlockSparseAttentionWrapper`, their first axis the layer, beside
`causal` and `num_tokens`: the one length that they are for.

```python
import numpy as np
import torch

arrays = np.load("{FILE_NAME}", allow_pickle=False)
names = ("block_mask_map", "block_row_sz", "block_col_sz")
block_mask_map, block_row_sz, block_col_sz = (torch.from_numpy(arrays[name][0]) for name in names)  # layer 0
causal = bool(arrays["causal"])
```

Give these, on the GPU, and `causal` to the wrapper's `plan`; query heads of one KV head share its map. A causal map has
the blocks on the diagonal in it, which `causal=True` cuts. `--tokens` sets the length (default: the study's), `--block`
the side of a block (default: {BLOCK}), `--kv-heads` the KV heads of the model (default: one a head).
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The arrays.

    Raises:
        InputError: no length is known, the pattern's grid does not hold it, or the maps would be too large.
        Refusal: a head is no layout of such blocks, or the query heads of a KV head differ.
    """
    num_tokens, block = settings.num_tokens or provenance.num_tokens, settings.block_tokens or BLOCK
    if num_tokens is None:
        raise InputError(OPTIONS["num_tokens"], "must be given, as the study does not say its length", None)
    layers = [kv_heads(heads, settings.num_kv_heads, NAME) for heads in masked_heads(pattern, NAME)]
    if len(layers) * len(layers[0]) * (num_tokens / block) ** 2 > _MOST_BLOCKS:
        raise InputError(OPTIONS["block_tokens"], f"must be larger for {num_tokens} tokens", block)
    sizes = np.diff([*range(0, num_tokens, block), num_tokens]).astype(np.int32)
    maps = np.stack(
        [_layer_maps(groups, layer, num_tokens, block) for groups, layer in zip(layers, pattern.layers, strict=True)]
    )
    rows = np.broadcast_to(sizes, (*maps.shape[:2], len(sizes)))
    return {FILE_NAME: _packed(maps, rows, pattern.causal, num_tokens)}


def _packed(maps: NDArray[np.bool_], sizes: NDArray[np.int32], causal: bool, num_tokens: int) -> bytes:
    binary = BytesIO()
    np.savez_compressed(
        binary,
        block_mask_map=maps,
        block_row_sz=sizes,
        block_col_sz=sizes,
        causal=np.array(causal),
        num_tokens=np.array(num_tokens, dtype=np.int64),
    )
    return binary.getvalue()


def _layer_maps(groups: tuple[Heads, ...], layer: LayerPattern, num_tokens: int, block: int) -> NDArray[np.bool_]:
    """Which blocks each KV head of a layer computes, shape (KV heads, blocks, blocks)."""
    heads = layer.head_patterns()
    leaders = heads[:: len(heads) // len(groups)]
    maps = []
    for group, head in zip(groups, leaders, strict=True):
        found = _blocks_of(head, num_tokens, block)
        if found is None:
            alone = [one for one in group.union if _blocks_of(replace(head, attend=(one,)), num_tokens, block) is None]
            why = f"it is no layout of blocks of {block} tokens (--block) at {num_tokens} tokens (--tokens)"
            raise group.refuse(NAME, alone[0], why)
        maps.append(found)
    return np.stack(maps)


@lru_cache(maxsize=64)
def _blocks_of(head: HeadPattern, num_tokens: int, block: int) -> NDArray[np.bool_] | None:
    """Which blocks a head sees, shape (blocks, blocks); None unless these blocks, cut causally, are all it sees."""
    num_blocks, key = -(-num_tokens // block), torch.arange(num_tokens)
    found = torch.zeros(num_blocks, num_blocks, dtype=torch.bool)
    for row in range(num_blocks):
        query = key[row * block : (row + 1) * block, None]
        seen = head.visible(query, key, num_tokens).expand(len(query), num_tokens)
        found[row, key[seen.any(dim=0)] // block] = True
        whole = found[row, key // block].expand(len(query), num_tokens)
        if not torch.equal(seen, whole & (key <= query) if head.causal else whole):
            return None
    blocks: NDArray[np.bool_] = found.numpy()
    return blocks


def read(files: Files, num_heads: int) -> Reading:
    """The masks by the rules of `VariableBlockSparseAttentionWrapper.plan`.

    A block of queries sees the keys of its blocks one after the other; causal=True lines its last query up with the
    last of these keys, which are those of the block on the diagonal.

    Raises:
        ExportError: the file is no such archive.
    """
    try:
        content = files[FILE_NAME]
        with np.load(BytesIO(content if isinstance(content, bytes) else b""), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        num_tokens, causal = int(arrays["num_tokens"]), bool(arrays["causal"])
        maps, row_sizes, column_sizes = (arrays[name] for name in ("block_mask_map", "block_row_sz", "block_col_sz"))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ExportError(f"flashinfer: {FILE_NAME} must hold the arrays that nas writes, got {error}.") from None
    share = num_heads // maps.shape[1]

    def rows(layer: int, query: Tensor, length: int) -> Tensor:
        heads = []
        for kv_head in range(maps.shape[1]):
            sizes = row_sizes[layer, kv_head], column_sizes[layer, kv_head]
            heads.append(_expanded(maps[layer, kv_head], *sizes, causal)[query])
        return torch.stack(heads).repeat_interleave(share, dim=0)

    return Reading(rows=rows, only=num_tokens)


def _expanded(
    blocks: NDArray[np.bool_], row_sizes: NDArray[np.int32], column_sizes: NDArray[np.int32], causal: bool
) -> Tensor:
    """The dense mask of one KV head, as `plan` lines it up, shape (queries, keys)."""
    row_ends, column_ends = np.cumsum(row_sizes), np.cumsum(column_sizes)
    mask = torch.zeros(int(row_ends[-1]), int(column_ends[-1]), dtype=torch.bool)
    keys = np.arange(column_ends[-1])
    for block, stop in enumerate(row_ends):
        chosen = torch.from_numpy(keys[np.repeat(blocks[block], column_sizes)])
        queries = int(row_sizes[block])
        seen = torch.ones(queries, len(chosen), dtype=torch.bool)
        if causal:
            seen = seen.tril(len(chosen) - queries)
        mask[int(stop) - queries : int(stop), chosen] = seen
    return mask


FORMAT = Format(
    summary="block masks of FlashInfer at one length; any layout of blocks, per layer and KV head",
    write=write,
    prove=proved_by_masks(NAME, read),
    usage=USAGE,
    options=frozenset({"num_tokens", "block_tokens", "num_kv_heads"}),
    library=NEEDS_GPU,
)
