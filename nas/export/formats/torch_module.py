"""Format `torch`: one Python module that computes the attention with torch's own dense kernel, masked.

Source: `scaled_dot_product_attention` of torch 2.5 and newer, run with torch 2.13.
"""

from nas.export.contract.export_format import EVERY_PHASE, Files, Format, Library, mask_check
from nas.export.contract.masks import Reading
from nas.export.generated import torch_template
from nas.export.generated.run import read_module
from nas.export.generated.source import ModuleTemplate, module_source
from nas.patterns.model import ModelPattern
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "torch"
MODULE = "torch_attention"
FILE_NAME = f"{MODULE}.py"

USAGE = f"""`{FILE_NAME}` is a Python module that needs torch 2.5 or newer and nothing else:

```python
import {MODULE} as pattern

out = pattern.attention(0, q, k, v)  # layer 0; q, k, v: (batch, heads, tokens, d_head)
attention = pattern.Attention(0)  # the same as a module, called with q, k, v
```

It runs forward and backward on any device, with `scaled_dot_product_attention` and the mask of 512 queries at a time.
It is exact and no faster than full attention: to save time, use `--format flex` on a GPU. In a causal pattern, `q` may
hold only the last tokens, as when decoding with a cache.
"""

_TEMPLATE = ModuleTemplate(
    format_name=NAME,
    library="plain torch",
    module=MODULE,
    needs="It needs torch 2.5 or newer and nothing else.",
    imports=torch_template.IMPORTS,
    how_to=torch_template.HOW_TO,
    tail=torch_template.TAIL,
)


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The module's source.

    Raises:
        Refusal: the pattern is not a mask.
    """
    return {FILE_NAME: module_source(pattern, provenance, _TEMPLATE)}


def read(files: Files, num_heads: int) -> Reading:
    """Run the module and read its masks."""
    return read_module(str(files[FILE_NAME]), MODULE)


FORMAT = Format(
    name=NAME,
    summary="a module for plain torch, any device; every mask, per layer and head",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    phases=EVERY_PHASE,
    library=Library(package="torch", module="dense_torch"),
)
