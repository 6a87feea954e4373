"""Format `gguf`: the keys and values that an existing GGUF file gets, for llama.cpp.

Source: the package gguf (`Keys.Attention`) for names and types; `llama_hparams::is_masked_swa`, which hides a key from
a query that is `sliding_window` or more tokens later, and `load_swa_pattern` and the models of llama.cpp.
"""

import json
from typing import Any

import numpy as np

from nas.export.contract.export_format import Files, Format, Library, mask_check
from nas.export.contract.masks import Reading
from nas.export.contract.serving import model_window, served_layers
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "gguf"
FILE_NAME = "gguf_metadata.json"
RULES = ServingRules()
WINDOW, PATTERN = "{arch}.attention.sliding_window", "{arch}.attention.sliding_window_pattern"
BY_LAYER = (
    "afmoe",
    "cohere2",
    "cohere2moe",
    "dflash",
    "dots3note",
    "exaone-moe",
    "gemma2",
    "gemma3",
    "gemma3n",
    "gemma4",
    "gpt-oss",
    "granite_swa",
    "laguna",
    "maple",
    "mellum",
    "mimo2",
    "muse-glimmer",
    "olmo2",
    "plamo3",
    "spark2_5",
    "step35",
)
"""Architectures for which llama.cpp reads a value for each layer, in the copy of llama-cpp-python 0.3.36.

Not listed: exaone4, which has windows with 64 layers alone, and smallthinker, whose window is 4,096 in any file.
"""
OTHER_NAMES = {"olmo3": "olmo2", "step3p5": "step35", "mimov2": "mimo2", "mimov2flash": "mimo2"}
"""Architectures that llama.cpp converts a `model_type` of transformers to, where their names differ.

Source: what Olmo2Model, Step35Model and MimoV2Model register in llama.cpp's conversion from Hugging Face.
"""

USAGE = f"""`{FILE_NAME}` holds keys of GGUF with their types and values; `{{arch}}` stands for the architecture.
`sliding_window` counts keys, including the query's own, and `sliding_window_pattern` is true for layers with the
window. To write a copy of a GGUF file that has them, its weights untouched:

```python
import json
from pathlib import Path

import gguf
from gguf.scripts.gguf_new_metadata import MetadataDetails, copy_with_new_metadata

document = json.loads(Path("{FILE_NAME}").read_text())
reader = gguf.GGUFReader("model.gguf")
arch = reader.get_field("general.architecture").contents()
if arch not in document["read_by"]:
    raise SystemExit(f"llama.cpp ignores windows by layer in the architecture {{arch}}.")
keys = {{
    key.format(arch=arch): MetadataDetails(gguf.GGUFValueType[one["type"]], one["value"])
    for key, one in document["keys"].items()
}}
copy_with_new_metadata(reader, gguf.GGUFWriter("windowed.gguf", arch=arch), keys, [])
```

llama.cpp reads a value for each layer in the architectures of `read_by` only; versions older than of 2026 read a period
instead in many of them. `llama`, `qwen3` and most others ignore both keys without a word, so a Llama keeps full
attention. In some architectures layers with a window also have other positions than full ones (`gemma3`, `cohere2`).
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The keys.

    Raises:
        Refusal: a layer is neither full nor a window, its heads differ, or two windows do.
    """
    layers = served_layers(pattern, RULES, NAME)
    before = model_window(layers).before
    keys: dict[str, Any] = {WINDOW: {"type": "UINT32", "value": 0 if before is None else before + 1}}
    keys[PATTERN] = {"type": "ARRAY", "value": [found.before is not None for found in layers]}
    return {FILE_NAME: json.dumps({"read_by": BY_LAYER, "keys": keys}, indent=2) + "\n"}


def read(files: Files, num_heads: int) -> Reading:
    """The masks of the keys, see `window_reading`."""
    keys = json.loads(files[FILE_NAME])["keys"]
    return window_reading(keys[WINDOW]["value"], keys[PATTERN]["value"], num_heads)


def window_reading(window: int, windowed: list[bool], num_heads: int) -> Reading:
    """The masks by `is_masked_swa`: in a windowed layer a key `window` or more tokens before the query is hidden.

    Args:
        window: of the model, in keys.
        windowed: which layers have it.
        num_heads: heads of a layer, which all see the same.
    """

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        back = query[:, None] - np.arange(num_tokens)
        seen = back >= 0
        if windowed[layer]:
            seen &= back < window
        return np.broadcast_to(seen, (num_heads, *seen.shape))

    return Reading(rows=rows)


def drops_windows(model_type: str) -> bool:
    """Whether llama.cpp ignores windows by layer in the architecture that a `model_type` becomes."""
    name = _plain(model_type).removesuffix("text")
    return OTHER_NAMES.get(name, name) not in map(_plain, BY_LAYER)


def _plain(name: str) -> str:
    """A name without what transformers and llama.cpp put between its parts: gpt_oss and gpt-oss are one."""
    return "".join(filter(str.isalnum, name))


FORMAT = Format(
    name=NAME,
    summary="metadata for a GGUF file; each layer full or a window, one window for the whole model; few architectures",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    library=Library(package="gguf", module="gguf_file"),
    rules=RULES,
    drops_windows=drops_windows,
)
