"""Target `minference`: the pattern of every head as MInference's config file has it (Jiang et al. 2024)."""

import json

import torch
from torch import Tensor

from nas.export.provenance import Provenance
from nas.export.settings import ExportSettings
from nas.export.targets.reading import Files, Reading
from nas.export.targets.supported_heads import masked_heads, require_causal, streaming
from nas.export.targets.target import NEEDS_GPU, Format, proved_by_masks
from nas.patterns.model import ModelPattern

NAME = "minference"
FILE_NAME = "best_pattern.json"
WHOLE = 1 << 30
"""The window of a head with full attention: a prompt that is no longer than the window is read whole."""

USAGE = f"""`{FILE_NAME}` has an entry a layer, in it an entry a head:
`["stream_llm", first tokens, window with the query's own key in it, 1.0]`.

```python
from minference import MInference

model = MInference("minference", "./model", config_path="{FILE_NAME}")(model)
```

MInference uses it while it reads a prompt; single tokens are decoded with full attention. {WHOLE} stands for full
attention. Its `vertical_and_slash` and `block_sparse` heads choose their keys by content, which no mask says.
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The JSON file; raises Refusal where a head is neither full nor first tokens and a window."""
    require_causal(pattern, NAME)
    layers = []
    for heads in masked_heads(pattern, NAME):
        said = [streaming(group, NAME) for group in heads for _ in range(group.first, group.stop)]
        layers.append(
            {
                str(head): ["stream_llm", one.first, WHOLE if one.before is None else one.before + 1, 1.0]
                for head, one in enumerate(said)
            }
        )
    return {FILE_NAME: json.dumps(layers) + "\n"}


def read(files: Files, num_heads: int) -> Reading:
    """The masks of `streaming_forward` in minference/ops/streaming_kernel.py.

    It sees keys at a distance below n_local, and of those beyond the first n_init.
    """
    layers = json.loads(files[FILE_NAME])

    def rows(layer: int, query: Tensor, num_tokens: int) -> Tensor:
        key = torch.arange(num_tokens)
        back = query[:, None] - key
        heads = [layers[layer][str(head)] for head in range(len(layers[layer]))]
        return torch.stack([(back >= 0) & ((back < local) | (key < init)) for _, init, local, _ in heads])

    return Reading(rows=rows)


FORMAT = Format(
    summary="config of MInference for prompts; each head first tokens and a window, or full attention",
    write=write,
    prove=proved_by_masks(NAME, read),
    usage=USAGE,
    library=NEEDS_GPU,
)
