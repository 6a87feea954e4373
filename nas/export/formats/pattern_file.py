"""Format `pattern`: the pattern file itself, schema nas.pattern/1."""

import json

from nas.errors import ExportError
from nas.export.contract.export_format import EVERY_PHASE, Files, Format
from nas.patterns.file import MadeFor, parse_pattern, pattern_document
from nas.patterns.model import ModelPattern
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "pattern"
FILE_NAME = "pattern.json"

USAGE = f"""`{FILE_NAME}` holds the pattern (schema nas.pattern/1), which all commands of `nas` read:

```python
import nas

pattern = nas.load_pattern("{FILE_NAME}")
mask = pattern.mask(0, 256)  # layer 0, 256 tokens: bool, (heads, queries, keys)
attention = nas.SparseAttention(pattern.layers[0])  # called with q, k, v: (batch, heads, tokens, d_head)
```
"""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The pattern as JSON, heads in the order of the trial, with the length that it was made for."""
    made_with = provenance.made_with
    rules = made_with.carry
    made_for = MadeFor(
        num_tokens=made_with.pattern_tokens,
        carried_from=None if rules is None else made_with.num_tokens,
        carry=rules,
    )
    return {FILE_NAME: json.dumps(pattern_document(pattern, made_for), indent=2) + "\n"}


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Read the file back; what was compared, in words.

    Raises:
        ExportError: it does not hold the same pattern.
    """
    if parse_pattern(json.loads(files[FILE_NAME])) != pattern:
        raise ExportError(f"{NAME}: {FILE_NAME} read back is not pattern {pattern.id}.")
    return ("the whole pattern",)


FORMAT = Format(
    name=NAME,
    summary="the pattern file; everything",
    write=write,
    check=check,
    usage=USAGE,
    phases=EVERY_PHASE,
    library="the file is nas's own",
)
