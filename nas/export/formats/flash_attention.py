"""Format `flash-attention`: the window of each layer for FlashAttention 2 and 3, and for kernels with its arguments.

Source: `flash_attn_func` of Dao-AILab/flash-attention, from 2.3 on: a query at i sees the keys from i - left to
i + right; -1 is no limit.
"""

import json

import numpy as np

from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.masks import Reading
from nas.export.contract.serving import served_layers
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "flash-attention"
FILE_NAME = "window_sizes.json"
RULES = ServingRules(sizes_differ=True)
NO_LIMIT = -1

USAGE = f"""`{FILE_NAME}` holds `window_size` for each layer: keys before and after the query, its own not counted, and
-1 for no limit. Pass each with `causal=True`:

```python
import json
from pathlib import Path

from flash_attn import flash_attn_func

window_size = [tuple(layer) for layer in json.loads(Path("{FILE_NAME}").read_text())["window_size"]]
out = flash_attn_func(q, k, v, causal=True, window_size=window_size[0])  # layer 0; (batch, tokens, heads, d_head)
```

FlashAttention 4, Transformer Engine and TorchTitan's `get_sliding_window_mask_mod(left + 1)` take the same window.
`--format flash-attention-4` represents other masks too.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The windows.

    Raises:
        Refusal: a layer is neither full nor a window, or its heads differ.
    """
    layers = served_layers(pattern, RULES, NAME)
    windows = [[NO_LIMIT, NO_LIMIT] if found.before is None else [found.before, 0] for found in layers]
    return {FILE_NAME: json.dumps({"causal": True, "window_size": windows}) + "\n"}


def read(files: Files, num_heads: int) -> Reading:
    """The masks by `flash_attn_func`."""
    windows = json.loads(files[FILE_NAME])["window_size"]

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        back = query[:, None] - np.arange(num_tokens)
        left, right = windows[layer]
        seen = back >= 0
        if left != NO_LIMIT:
            seen &= back <= left
        if right != NO_LIMIT:
            seen &= back >= -right
        return np.broadcast_to(seen, (num_heads, *seen.shape))

    return Reading(rows=rows)


FORMAT = Format(
    name=NAME,
    summary="window_size of FlashAttention for each layer; one causal window or full attention per layer",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    library=NEEDS_GPU,
    rules=RULES,
)
