"""Target `tensorrt-llm`: the vector of attention windows for TensorRT-LLM's KvCacheConfig."""

import torch
import yaml
from torch import Tensor

from nas.export.provenance import Provenance
from nas.export.settings import ExportSettings
from nas.export.targets.reading import Files, Reading
from nas.export.targets.supported_heads import masked_heads, only_union, require_causal, streaming
from nas.export.targets.target import NEEDS_GPU, Format, proved_by_masks
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Global

NAME = "tensorrt-llm"
FILE_NAME = "tensorrt_llm.yaml"
WHOLE = 2**31 - 1
"""The window of a layer with full attention: TensorRT-LLM takes the smaller of it and the model's longest sequence."""

USAGE = f"""`{FILE_NAME}` holds `kv_cache_config.max_attention_window`: keys a layer, the query's own among them.

```sh
trtllm-serve ./model --extra_llm_api_options {FILE_NAME}
```

The window limits what is kept in the KV cache as well as what is read. {WHOLE} stands for full attention.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The YAML file; raises Refusal where a layer is more than one window, or its heads differ."""
    require_causal(pattern, NAME)
    windows = []
    for heads in masked_heads(pattern, NAME):
        layer = only_union(heads, NAME)
        said = streaming(layer, NAME)
        if said.first:
            sinks = next(primitive for primitive in layer.union if isinstance(primitive, Global))
            raise layer.refuse(NAME, sinks, "it can say one window for a layer")
        windows.append(WHOLE if said.before is None else said.before + 1)
    return {FILE_NAME: yaml.safe_dump({"kv_cache_config": {"max_attention_window": windows}}, default_flow_style=None)}


def read(files: Files, num_heads: int) -> Reading:
    """A query i sees the keys j <= i with i - j < window: the rule its kernels' callers state."""
    windows = yaml.safe_load(files[FILE_NAME])["kv_cache_config"]["max_attention_window"]

    def rows(layer: int, query: Tensor, num_tokens: int) -> Tensor:
        back = query[:, None] - torch.arange(num_tokens)
        seen: Tensor = (back >= 0) & (back < windows[layer % len(windows)])
        return seen.expand(num_heads, len(query), num_tokens)

    return Reading(rows=rows)


FORMAT = Format(
    summary="max_attention_window of TensorRT-LLM; one causal window, or full attention, a layer",
    write=write,
    prove=proved_by_masks(NAME, read),
    usage=USAGE,
    library=NEEDS_GPU,
)
