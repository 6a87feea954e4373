"""Format `megatron-core`: the windows of a TransformerConfig of Megatron-Core.

Source: `get_sliding_window_causal_mask` and `is_layer_window_attention` in megatron/core/transformer/utils.py of
Megatron-Core 0.16.1: window_size counts keys before and after the query, its own key besides.
"""

import json

import numpy as np

from nas.export.contract.export_format import Files, Format, Library, mask_check
from nas.export.contract.masks import Reading
from nas.export.contract.serving import model_window, served_layers
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "megatron-core"
FILE_NAME = "transformer_config.json"
RULES = ServingRules()

USAGE = f"""`{FILE_NAME}` holds arguments of Megatron-Core's `TransformerConfig`: `window_size`, the keys before and
after the query, its own not counted, and `window_attn_skip_freq`, a number for each layer: 1 for the window, 0 for full
attention.

```python
import json
from pathlib import Path

arguments = json.loads(Path("{FILE_NAME}").read_text())
if arguments["window_size"]:
    arguments["window_size"] = tuple(arguments["window_size"])
```

Pass them on with the model's other arguments: `TransformerConfig(..., **arguments)`.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The arguments.

    Raises:
        Refusal: a layer is neither full nor a window, its heads differ, or two windows do.
    """
    layers = served_layers(pattern, RULES, NAME)
    before = model_window(layers).before
    arguments = {
        "window_size": None if before is None else [before, 0],
        "window_attn_skip_freq": None if before is None else [int(found.before is not None) for found in layers],
    }
    return {FILE_NAME: json.dumps(arguments) + "\n"}


def read(files: Files, num_heads: int) -> Reading:
    """The masks by `is_layer_window_attention` and `get_sliding_window_causal_mask`."""
    arguments = json.loads(files[FILE_NAME])
    window, windowed = arguments["window_size"], arguments["window_attn_skip_freq"]

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        back = query[:, None] - np.arange(num_tokens)
        seen = back >= 0
        if window and windowed[layer]:
            seen = (back <= window[0]) & (back >= -window[1])
        return np.broadcast_to(seen, (num_heads, *seen.shape))

    return Reading(rows=rows)


FORMAT = Format(
    name=NAME,
    summary="arguments of Megatron-Core's TransformerConfig; each layer full or a window, one window for the model",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    library=Library(package="megatron-core", module="megatron_masks"),
    rules=RULES,
)
