"""Format `swaa`: the SWAAConfig of Sliding Window Attention Adaptation (Yu et al. 2025, arXiv 2512.10411).

Source: `attention_forward_swaa` in swaa_patch/hack_hf_swaa.py of yuyijiong/sliding-window-attention-adaptation,
revision d5459cf: FlashAttention's window is (sliding_window_size - 1), and the first `keep_first` keys stay visible.
"""

import json

import numpy as np

from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.masks import Reading
from nas.export.contract.serving import model_window, served_layers
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "swaa"
FILE_NAME = "swaa_config.json"
RULES = ServingRules(first_tokens=True)

USAGE = f"""`{FILE_NAME}` holds the arguments of an `SWAAConfig`: `sliding_window_size`, the keys of the window,
including the query's own, `keep_first`, the first tokens that stay visible, and `non_sliding_layers`, the layers with
full attention.

```python
import json
from pathlib import Path

from swaa_patch import SWAAConfig, hack_hf_swaa

hack_hf_swaa(training=False)
model.config.swaa_config = SWAAConfig(**json.loads(Path("{FILE_NAME}").read_text()))
```

It needs SWAA's own build of FlashAttention, and a Llama, Qwen 2 or Qwen 3. `force_fa_decode` says whether single tokens
after the prompt see everything: it is true if the pattern was searched for prompts alone (`evaluation.phase=prefill`).
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The arguments.

    Raises:
        Refusal: a layer is neither full nor first tokens and a window, its heads differ, or two windows do.
    """
    layers = served_layers(pattern, RULES, NAME)
    window = model_window(layers)
    arguments = {
        "sliding_window_size": None if window.before is None else window.before + 1,
        "keep_first": window.first,
        "force_fa_decode": provenance.phase == "prefill",
        "non_sliding_layers": [layer for layer, found in enumerate(layers) if found.before is None],
    }
    return {FILE_NAME: json.dumps(arguments) + "\n"}


def read(files: Files, num_heads: int) -> Reading:
    """The masks by `attention_forward_swaa`."""
    config = json.loads(files[FILE_NAME])

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        key = np.arange(num_tokens)
        back = query[:, None] - key
        seen = back >= 0
        if config["sliding_window_size"] is not None and layer not in config["non_sliding_layers"]:
            seen &= (back < config["sliding_window_size"]) | (key < config["keep_first"])
        return np.broadcast_to(seen, (num_heads, *seen.shape))

    return Reading(rows=rows)


FORMAT = Format(
    name=NAME,
    summary="config of SWAA; each layer full, or first tokens and a window that all such layers share",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    phases=frozenset(["both", "prefill"]),
    library=NEEDS_GPU,
    rules=RULES,
)
