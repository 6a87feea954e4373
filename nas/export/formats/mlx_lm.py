"""Format `mlx-lm`: keys of a model's config for MLX-LM.

Source: `LlamaModel` in mlx_lm/models/llama.py and `create_causal_mask` in mlx_lm/models/base.py of MLX-LM 0.32.2: a
query at i sees the keys j <= i with i < j + sliding_window, and one layer at least must be full.
"""

import json

from nas.export.contract.export_format import Files, Format, Library, mask_check
from nas.export.contract.layer_types import layer_type_keys, layer_type_reading
from nas.export.contract.serving import served_layers
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "mlx-lm"
FILE_NAME = "model_config.json"
RULES = ServingRules(least_full=1)
READ_BY = frozenset(
    {
        "afmoe",
        "exaone_moe",
        "gear",
        "gemma3n",
        "gemma4",
        "gemma4_text",
        "gpt_oss",
        "laguna",
        "llama",
        "mellum",
        "ministral3",
        "mistral",
        "muse_glimmer",
        "muse_spark",
        "olmo3",
        "spark2_5",
        "step3p5",
    }
)
"""The `model_type`s whose classes read both keys, in MLX-LM 0.32.2."""

USAGE = f"""`{FILE_NAME}` holds keys for the model's `config.json`: `layer_types`, and `sliding_window`, the keys of the
window, including the query's own.

```python
import json
from pathlib import Path

from mlx_lm import load

model, tokenizer = load("./model", model_config=json.loads(Path("{FILE_NAME}").read_text()))
```

MLX-LM's classes of Llama and Ministral 3 read both keys and work without them; models that have windows of their own
(Gemma 3n and 4, OLMo 3, gpt-oss and others) read them too. Its classes of Qwen 2 and 3 do not, and drop them without a
word. The cache of a windowed layer holds the window alone.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The keys.

    Raises:
        Refusal: a layer is neither full nor a window, its heads differ, two windows do, or no layer is full.
    """
    return {FILE_NAME: json.dumps(layer_type_keys(served_layers(pattern, RULES, NAME))) + "\n"}


FORMAT = Format(
    name=NAME,
    summary="config keys for MLX-LM; each layer full or a window, one window for the whole model, one layer full",
    write=write,
    check=mask_check(NAME, lambda files, num_heads: layer_type_reading(files[FILE_NAME], NAME, num_heads)),
    usage=USAGE,
    library=Library(package="mlx-lm", module="mlx_llama"),
    rules=RULES,
    drops_windows=lambda model_type: model_type not in READ_BY,
)
