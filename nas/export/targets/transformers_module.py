"""Target `transformers`: one Python module that gives the pattern to any decoder of Hugging Face transformers."""

from nas.export.generated import transformers_template
from nas.export.generated.module import Surroundings, has_grid, module_source, read_module
from nas.export.provenance import Provenance
from nas.export.settings import ExportSettings
from nas.export.targets.reading import Files, Reading
from nas.export.targets.supported_heads import require_causal
from nas.export.targets.target import Format, Library, proved_by_masks
from nas.patterns.model import ModelPattern

MODULE = "transformers_attention"
FILE_NAME = f"{MODULE}.py"

USAGE = f"""`{FILE_NAME}` is a Python module that needs torch 2.6 and transformers 5.3, or newer, and no `nas`:

```python
import {MODULE} as pattern
from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained("./model", attn_implementation=pattern.register())
```

The model must have as many layers and query heads as the pattern; heads that share keys and values may attend
differently. Its weights, positions, tokenizer and `generate` stay as they are: batches with padding, a cache that grows
or a static one, and training work. A pattern begins anew where a sequence does, after padding on the left. The cache
still holds all keys: the pattern decides which are read, not which are kept.

On CUDA, whole sequences run in compiled FlexAttention; single tokens, and everything elsewhere, in torch's dense
kernel with the same mask.
"""

_AROUND = Surroundings(
    format_name="transformers",
    target="Hugging Face transformers",
    module=MODULE,
    needs="It needs torch 2.6 and transformers 5.3, or newer.",
    imports=transformers_template.IMPORTS,
    how_to=transformers_template.HOW_TO,
    tail=transformers_template.TAIL,
)


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The module's source; raises Refusal where the pattern is no mask, or not causal."""
    require_causal(pattern, "transformers")
    # Blocks are drawn into a table: its length is rounded up, so that it is not made anew for every token.
    length = "ROWS * COLUMNS" if has_grid(pattern) else "1 << (num_keys - 1).bit_length()"
    return {FILE_NAME: module_source(pattern, provenance, _AROUND, table_length=length)}


def read(files: Files, num_heads: int) -> Reading:
    """Run the module and read its masks; for that it needs torch alone."""
    return read_module(str(files[FILE_NAME]), MODULE)


FORMAT = Format(
    summary="a module for any decoder of transformers, generate and cache too; every causal mask, per layer and head",
    write=write,
    prove=proved_by_masks("transformers", read),
    usage=USAGE,
    library=Library(package="transformers", module="decoder"),
)
