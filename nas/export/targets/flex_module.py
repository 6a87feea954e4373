"""Target `flex`: one Python module for FlexAttention that needs torch alone."""

from nas.export.generated import flex_template
from nas.export.generated.layer import mask_heads
from nas.export.generated.module import Surroundings, as_tuple, module_source, read_module
from nas.export.provenance import Provenance
from nas.export.settings import ExportSettings
from nas.export.targets.reading import Files, Reading
from nas.export.targets.target import Format, Library, proved_by_masks
from nas.patterns.model import ModelPattern

MODULE = "attention_pattern"
FILE_NAME = f"{MODULE}.py"

USAGE = f"""`{FILE_NAME}` is a Python module that needs torch alone; `nas` need not be installed:

```python
import {MODULE} as pattern

out = pattern.attention(0, q, k, v)  # layer 0; q, k, v: (batch, heads, tokens, d_head)
```

or, where the model calls FlexAttention itself:

```python
blocks = pattern.block_mask(0, q.shape[-2], q.device)
out = torch.compile(flex_attention)(q, k, v, block_mask=blocks)
```

A sequence of any length will do, unless the pattern lies on a grid, which fixes it.
On a GPU time is saved where whole blocks of 128 x 128 are empty.
"""

_AROUND = Surroundings(
    format_name="flex",
    target="FlexAttention",
    module=MODULE,
    needs="It needs torch 2.6 or newer and nothing else.",
    imports=flex_template.IMPORTS,
    how_to=flex_template.HOW_TO,
    tail=flex_template.TAIL,
)


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The module's source; raises Refusal where the pattern is no mask."""
    heads = as_tuple([str(mask_heads(layer)) for layer in pattern.layers])
    return {FILE_NAME: module_source(pattern, provenance, _AROUND, mask_heads=heads)}


def read(files: Files, num_heads: int) -> Reading:
    """Run the module and read its masks."""
    return read_module(str(files[FILE_NAME]), MODULE)


FORMAT = Format(
    summary="a FlexAttention module; every mask, per layer and head",
    write=write,
    prove=proved_by_masks("flex", read),
    usage=USAGE,
    library=Library(package="torch", module="flex_attention"),
)
