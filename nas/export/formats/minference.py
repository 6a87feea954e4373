"""Format `minference`: the pattern of every head in the config file of MInference (Jiang et al. 2024).

Source: `streaming_forward` in minference/ops/streaming_kernel.py of MInference, revision fb56c91.
"""

import json

import numpy as np

from nas.errors import ExportError
from nas.export.contract.export_format import NEEDS_GPU, Files, Format, mask_check
from nas.export.contract.masks import Reading
from nas.export.contract.serving import served_heads
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "minference"
FILE_NAME = "best_pattern.json"
RULES = ServingRules(first_tokens=True, heads_differ=True, sizes_differ=True)
KIND = "stream_llm"
"""The only kind of head that is written; the others choose their keys by content."""
WHOLE = 1 << 30
"""The window of a head with full attention, longer than any prompt."""

USAGE = f"""`{FILE_NAME}` has an entry for each layer, which has an entry for each head:
`["{KIND}", first tokens, window including the query's own key, 1.0]`.

```python
from minference import MInference

model = MInference("minference", "./model", config_path="{FILE_NAME}")(model)
```

MInference uses it for prompts; it decodes with full attention. {WHOLE} stands for full attention. MInference's
`vertical_and_slash` and `block_sparse` heads choose their keys by content, which a mask cannot represent.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The JSON file.

    Raises:
        Refusal: a head is neither full nor first tokens and a window.
    """
    layers = [
        {
            str(head): [KIND, one.first, WHOLE if one.before is None else one.before + 1, 1.0]
            for head, one in enumerate(by_head)
        }
        for by_head in served_heads(pattern, RULES, NAME)
    ]
    return {FILE_NAME: json.dumps(layers) + "\n"}


def read(files: Files, num_heads: int) -> Reading:
    """The masks by `streaming_forward`: keys at a distance below n_local, and farther ones among the first n_init.

    Raises:
        ExportError: a head is of another kind, which chooses its keys by content.
    """
    layers = json.loads(files[FILE_NAME])
    for layer, heads in enumerate(layers):
        for head, (kind, *_) in heads.items():
            if kind != KIND:
                raise ExportError(f"{NAME}: layer {layer}, head {head} read back must be {KIND}, got {kind!r}.")

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        key = np.arange(num_tokens)
        back = query[:, None] - key
        heads = [layers[layer][str(head)] for head in range(len(layers[layer]))]
        return np.stack([(back >= 0) & ((back < local) | (key < init)) for _, init, local, _ in heads])

    return Reading(rows=rows)


FORMAT = Format(
    name=NAME,
    summary="config of MInference for prompts; each head first tokens and a window, or full attention",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    phases=frozenset(["both", "prefill"]),
    library=NEEDS_GPU,
    rules=RULES,
)
