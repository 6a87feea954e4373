"""Format `flex`: one Python module for FlexAttention that needs only torch.

Source: `BlockMask` and `flex_attention` in torch/nn/attention/flex_attention.py of torch 2.6 and newer, run
with torch 2.13.
"""

from nas.export.contract.export_format import EVERY_PHASE, Files, Format, Library, mask_check
from nas.export.contract.masks import Reading
from nas.export.generated import flex_template
from nas.export.generated.layer import mask_heads
from nas.export.generated.run import read_module
from nas.export.generated.source import ModuleTemplate, as_tuple, module_source
from nas.patterns.model import ModelPattern
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "flex"
MODULE = "attention_pattern"
FILE_NAME = f"{MODULE}.py"

USAGE = f"""`{FILE_NAME}` is a Python module that needs only torch; `nas` need not be installed:

```python
import {MODULE} as pattern

out = pattern.attention(0, q, k, v)  # layer 0; q, k, v: (batch, heads, tokens, d_head)
```

or, where the model calls FlexAttention itself:

```python
blocks = pattern.block_mask(0, q.shape[-2], q.device)
out = torch.compile(flex_attention)(q, k, v, block_mask=blocks)
```

It works at any sequence length, unless the pattern has a grid, which fixes the length.
On a GPU, time is saved where whole blocks of 128 x 128 are empty.
"""

_TEMPLATE = ModuleTemplate(
    format_name=NAME,
    library="FlexAttention",
    module=MODULE,
    needs="It needs torch 2.6 or newer and nothing else.",
    imports=flex_template.IMPORTS,
    how_to=flex_template.HOW_TO,
    tail=flex_template.TAIL,
)


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The module's source.

    Raises:
        Refusal: the pattern is not a mask.
    """
    heads = as_tuple([str(mask_heads(layer)) for layer in pattern.layers])
    return {FILE_NAME: module_source(pattern, provenance, _TEMPLATE, mask_heads=heads)}


def read(files: Files, num_heads: int) -> Reading:
    """Run the module and read its masks."""
    return read_module(str(files[FILE_NAME]), MODULE)


FORMAT = Format(
    name=NAME,
    summary="a module for FlexAttention; every mask, per layer and head",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    phases=EVERY_PHASE,
    library=Library(package="torch", module="flex_attention"),
)
