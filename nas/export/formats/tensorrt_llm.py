"""Format `tensorrt-llm`: the attention window of each layer, for TensorRT-LLM's KvCacheConfig.

Source: `max_attention_window` in tensorrt_llm/llmapi/llm_args.py, and the masks of
cpp/kernels/fmha_v2/src/fmha/mask.h, revision b35ac1b: query i sees keys from max(0, i + 1 - window) on.
"""

import numpy as np
import yaml

from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.masks import Reading
from nas.export.contract.serving import served_layers
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "tensorrt-llm"
FILE_NAME = "tensorrt_llm.yaml"
RULES = ServingRules(sizes_differ=True)
WHOLE = 2**31 - 1
"""The window of a layer with full attention: TensorRT-LLM takes the smaller of it and the model's longest sequence."""

USAGE = f"""`{FILE_NAME}` holds `kv_cache_config.max_attention_window`: for each layer the number of keys, including the
query's own.

```sh
trtllm-serve ./model --extra_llm_api_options {FILE_NAME}
```

The window limits which keys are kept in the KV cache, not only which are read. {WHOLE} stands for full attention.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The YAML file.

    Raises:
        Refusal: a layer is more than one window, or its heads differ.
    """
    layers = served_layers(pattern, RULES, NAME)
    windows = [WHOLE if found.before is None else found.before + 1 for found in layers]
    return {FILE_NAME: yaml.safe_dump({"kv_cache_config": {"max_attention_window": windows}}, default_flow_style=None)}


def read(files: Files, num_heads: int) -> Reading:
    """The masks by the rule that query i sees the keys j <= i with i - j < window."""
    windows = yaml.safe_load(files[FILE_NAME])["kv_cache_config"]["max_attention_window"]

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        back = query[:, None] - np.arange(num_tokens)
        seen = (back >= 0) & (back < windows[layer % len(windows)])
        return np.broadcast_to(seen, (num_heads, len(query), num_tokens))

    return Reading(rows=rows)


FORMAT = Format(
    name=NAME,
    summary="max_attention_window of TensorRT-LLM; one causal window or full attention per layer",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    library=NEEDS_GPU,
    rules=RULES,
)
