"""Format `duo-attention`: retrieval and streaming heads in the files of DuoAttention (Xiao et al. 2024).

Source: `load_attn_pattern` in duo_attn/utils.py and `generate_streaming_mask` in duo_attn/patch/streaming_attn.py of
DuoAttention, revision fe93c31.
"""

import json
from io import StringIO

import numpy as np

from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.masks import Reading
from nas.export.contract.serving import model_window, served_heads
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "duo-attention"
HEADS_FILE_NAME, CONFIG_FILE_NAME = "full_attention_heads.tsv", "config.json"
RULES = ServingRules(first_tokens=True, heads_differ=True)

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
    layers = served_heads(pattern, RULES, NAME, settings.num_kv_heads)
    window = model_window(tuple(found for layer in layers for found in layer))
    full = np.array([[found.before is None for found in layer] for layer in layers])
    text = StringIO()
    np.savetxt(text, full.astype(float), fmt="%.1f", delimiter="\t")
    config = {"sink_size": window.first, "recent_size": (window.before or 0) + 1}
    return {HEADS_FILE_NAME: text.getvalue(), CONFIG_FILE_NAME: json.dumps(config, indent=2) + "\n"}


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
    rules=RULES,
)
