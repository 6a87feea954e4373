"""Target `torch`: one Python module that computes the attention with torch's own dense kernel, masked."""

from nas.export.generated import torch_template
from nas.export.generated.module import Surroundings, module_source, read_module
from nas.export.provenance import Provenance
from nas.export.settings import ExportSettings
from nas.export.targets.reading import Files, Reading
from nas.export.targets.target import Format, Library, proved_by_masks
from nas.patterns.model import ModelPattern

MODULE = "torch_attention"
FILE_NAME = f"{MODULE}.py"

USAGE = f"""`{FILE_NAME}` is a Python module that needs torch 2.5 or newer and nothing else:

```python
import {MODULE} as pattern

out = pattern.attention(0, q, k, v)  # layer 0; q, k, v: (batch, heads, tokens, d_head)
attention = pattern.Attention(0)  # the same as a module, called with q, k, v
```

It runs forward and backward on any device, by `scaled_dot_product_attention` with the mask of 512 queries at a time.
It is exact and saves no time: for that take `--format flex` on a GPU. In a causal pattern `q` may hold the last
tokens alone, as when decoding with a cache.
"""

_AROUND = Surroundings(
    format_name="torch",
    target="plain torch",
    module=MODULE,
    needs="It needs torch 2.5 or newer and nothing else.",
    imports=torch_template.IMPORTS,
    how_to=torch_template.HOW_TO,
    tail=torch_template.TAIL,
)


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The module's source; raises Refusal where the pattern is no mask."""
    return {FILE_NAME: module_source(pattern, provenance, _AROUND)}


def read(files: Files, num_heads: int) -> Reading:
    """Run the module and read its masks."""
    return read_module(str(files[FILE_NAME]), MODULE)


FORMAT = Format(
    summary="a module for plain torch, any device; every mask, per layer and head",
    write=write,
    prove=proved_by_masks("torch", read),
    usage=USAGE,
    library=Library(package="torch", module="dense_torch"),
)
