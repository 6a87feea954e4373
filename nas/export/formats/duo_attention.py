"""Format `duo-attention`: retrieval and streaming heads in the files of DuoAttention (Xiao et al. 2024).

Source: `load_attn_pattern` in duo_attn/utils.py and `generate_streaming_mask` in duo_attn/patch/streaming_attn.py of
DuoAttention, revision fe93c31.
"""

import json
from io import StringIO

import numpy as np

from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.heads import Heads, kv_heads, masked_heads, require_causal, streaming
from nas.export.contract.masks import Reading
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Window
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "duo-attention"
HEADS_FILE_NAME, CONFIG_FILE_NAME = "full_attention_heads.tsv", "config.json"

USAGE = f"""`{HEADS_FILE_NAME}` has a row for each layer and a column for each KV head: 1 for full attention, 0 for
streaming. `{CONFIG_FILE_NAME}` has `sink_size`, the number of first tokens, and `recent_size`, the keys of the window,
including the query's own.

```python
from duo_attn.patch import enable_duo_attention_eval
from duo_attn.utils import load_attn_pattern

heads, sink_size, recent_size = load_attn_pattern(".")
enable_duo_attention_eval(model, heads, sink_size, recent_size)
```

These numbers mean what DuoAttention's own `generate_streaming_mask` makes of them, the mask that it trains with. Its
inference differs: a prompt in one piece is processed with full attention in all heads, and a prompt in chunks with the
whole chunk visible; while decoding, a streaming head sees one key more than `recent_size`; and the block-sparse kernel
rounds both sizes up to blocks of 128. `--kv-heads` sets how many KV heads the model has (default: one per head).
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The two files.

    Raises:
        Refusal: a head is neither full nor first tokens and a window, or two streaming heads differ.
    """
    require_causal(pattern, NAME)
    layers = [kv_heads(heads, settings.num_kv_heads, NAME) for heads in masked_heads(pattern, NAME)]
    by_head = [(group, streaming(group, NAME)) for layer in layers for group in layer]
    sizes = [(group, found) for group, found in by_head if found.before is not None]
    for group, found in sizes:
        if found != sizes[0][1]:
            raise _differs(group)
    first, before = (sizes[0][1].first, sizes[0][1].before) if sizes else (0, 0)
    full = np.array([found.before is None for _, found in by_head]).reshape(len(layers), -1)
    text = StringIO()
    np.savetxt(text, full.astype(float), fmt="%.1f", delimiter="\t")
    config = {"sink_size": first, "recent_size": (before or 0) + 1}
    return {HEADS_FILE_NAME: text.getvalue(), CONFIG_FILE_NAME: json.dumps(config, indent=2) + "\n"}


def _differs(group: Heads) -> Exception:
    window = next(primitive for primitive in group.union if isinstance(primitive, Window))
    return group.refuse(NAME, window, "all streaming heads share one number of first tokens and one window")


def read(files: Files, num_heads: int) -> Reading:
    """The masks by `generate_streaming_mask`, for heads of 0.5 or less."""
    full = np.loadtxt(StringIO(str(files[HEADS_FILE_NAME])), dtype=float, delimiter="\t", ndmin=2) > 0.5
    config = json.loads(files[CONFIG_FILE_NAME])

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        key = np.arange(num_tokens)
        back = query[:, None] - key
        streaming_rows = (back >= 0) & ((key < config["sink_size"]) | (back < config["recent_size"]))
        share = num_heads // full.shape[1]
        return np.stack([back >= 0 if full[layer, head // share] else streaming_rows for head in range(num_heads)])

    return Reading(rows=rows)


FORMAT = Format(
    name=NAME,
    summary="files of DuoAttention; each KV head full, or first tokens and a window that all such heads share",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    options=frozenset({"num_kv_heads"}),
    library=NEEDS_GPU,
)
