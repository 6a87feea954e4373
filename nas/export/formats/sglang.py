"""Format `sglang`: overrides of a model's config for SGLang.

Source: `get_attention_sliding_window_size` of SGLang's models (gemma3_causal.py, afmoe.py and others), which turns the
config's `sliding_window`, the query's own key included, into RadixAttention's, which excludes it. Its Transformers
backend (models/transformers.py) passes the number on as it is, so it shows one key more. SGLang's own class of Qwen3
reads neither key (sgl-project/sglang issue 22528).
"""

from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.layer_types import layer_type_overrides, layer_type_reading
from nas.export.contract.serving import served_layers
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "sglang"
FILE_NAME = "model_override.json"
RULES = ServingRules()
DROPPED = frozenset(("qwen3", "qwen3_moe"))
"""The `model_type`s whose classes are known not to read the keys."""

USAGE = f"""`{FILE_NAME}` overrides keys of the model's `config.json`: `layer_types`, and `sliding_window`, the keys of
the window, including the query's own.

```sh
python -m sglang.launch_server --model-path ./model --json-model-override-args "$(cat {FILE_NAME})"
```

The model must have a class in SGLang that reads `layer_types`, as those of Gemma 3, gpt-oss and EXAONE 4 do. Its class
of Qwen3 drops them without a word, and SGLang's Transformers backend (`--model-impl transformers`) reads them for every
model, but by its source shows one key more than `sliding_window` says. `use_sliding_window` is set because the configs
of Qwen 2, Qwen 3 and SmolLM 3 drop `sliding_window` without it; others ignore it.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The overrides.

    Raises:
        Refusal: a layer is neither full nor a window, its heads differ, or two windows do.
    """
    return {FILE_NAME: layer_type_overrides(served_layers(pattern, RULES, NAME))}


FORMAT = Format(
    name=NAME,
    summary="config overrides for SGLang; each layer full or a window, one window for the whole model",
    write=write,
    check=mask_check(NAME, lambda files, num_heads: layer_type_reading(files[FILE_NAME], NAME, num_heads)),
    usage=USAGE,
    library=NEEDS_GPU,
    rules=RULES,
    drops_windows=lambda model_type: model_type in DROPPED,
)
