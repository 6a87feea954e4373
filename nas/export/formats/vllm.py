"""Format `vllm`: overrides of a model's config for vLLM.

Source: `create_attention_instances` of vLLM's Transformers modelling backend (vllm-project/vllm pull 18494), which
reads `layer_types` and one `sliding_window`; vLLM's FlashAttention backend makes the window (sliding_window - 1, 0) of
it. vLLM's own class of Qwen3 reads neither (vllm-project/vllm issue 39514).
"""

from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.layer_types import layer_type_overrides, layer_type_reading
from nas.export.contract.serving import served_layers
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "vllm"
FILE_NAME = "hf_overrides.json"
RULES = ServingRules()

USAGE = f"""`{FILE_NAME}` overrides keys of the model's `config.json`: `layer_types`, and `sliding_window`, the keys of
the window, including the query's own.

```sh
vllm serve ./model --model-impl transformers --hf-overrides "$(cat {FILE_NAME})"
```

`--model-impl transformers` matters: vLLM's Transformers backend reads these keys for every model, its own classes only
for some (Gemma 2 and 3, gpt-oss, OLMo 3 and others), and its class of Qwen3 drops them without a word.
`use_sliding_window` is set because the configs of Qwen 2, Qwen 3 and SmolLM 3 drop `sliding_window` without it; others
ignore it.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The overrides.

    Raises:
        Refusal: a layer is neither full nor a window, its heads differ, or two windows do.
    """
    return {FILE_NAME: layer_type_overrides(served_layers(pattern, RULES, NAME))}


FORMAT = Format(
    name=NAME,
    summary="config overrides for vLLM; each layer full or a window, one window for the whole model",
    write=write,
    check=mask_check(NAME, lambda files, num_heads: layer_type_reading(files[FILE_NAME], NAME, num_heads)),
    usage=USAGE,
    library=NEEDS_GPU,
    rules=RULES,
)
