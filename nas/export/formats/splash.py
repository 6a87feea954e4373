"""Format `splash`: the masks of JAX's Splash attention on TPUs, lazy where it has such, else as arrays.

Source: `CausalMask`, `LocalMask`, `ChunkedCausalMask`, `FullMask` and `NumpyMask` in
jax/experimental/pallas/ops/tpu/splash_attention/splash_attention_mask.py of JAX 0.10.2: a query at i sees the keys from
i - left to i + right, or those of its chunk up to itself.
"""

import json
from typing import Any

import numpy as np

from nas.errors import ExportError, InputError
from nas.export.contract.arrays_file import one_length, pack_arrays, unpack_arrays
from nas.export.contract.export_format import Files, Format, Library, mask_check
from nas.export.contract.heads import Heads, masked_heads
from nas.export.contract.masks import Reading
from nas.patterns.arrays import Flags, Positions
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Window
from nas.results.bundle import OPTIONS, ExportSettings
from nas.results.provenance import Provenance

NAME = "splash"
FILE_NAME, ARRAYS_FILE_NAME = "splash_masks.json", "splash_masks.npz"
_ARRAYS = {"masks": 3}
_MOST_ENTRIES = 1 << 28
"""Most entries of all arrays together, at one byte each."""

USAGE = f"""`{FILE_NAME}` names a mask for each layer and head, with its arguments, all for sequences of `num_tokens`;
`{ARRAYS_FILE_NAME}` holds the arrays of those that are a `NumpyMask`.

```python
import json
from pathlib import Path

import numpy as np
from jax.experimental.pallas.ops.tpu.splash_attention import splash_attention_mask as splash

document = json.loads(Path("{FILE_NAME}").read_text())
arrays = np.load("{ARRAYS_FILE_NAME}", allow_pickle=False)["masks"]
shape = (document["num_tokens"], document["num_tokens"])
make = {{
    "full": lambda _: splash.FullMask(shape),
    "causal": lambda _: splash.CausalMask(shape),
    "local": lambda window: splash.LocalMask(shape, tuple(window), 0),
    "chunked_causal": lambda tokens: splash.ChunkedCausalMask(shape, tokens),
    "numpy": lambda index: splash.NumpyMask(arrays[index]),
}}
layers = [splash.MultiHeadMask([make[kind](value) for kind, value in heads]) for heads in document["layers"]]
```

`make_splash_mha` takes the mask of a layer. Windows, chunks and full attention are computed inside the kernel, at any
length; a `NumpyMask` takes a byte for every pair of tokens. `--tokens` sets the length (default: the study's).
"""

Named = tuple[str, Any]
"""The kind of a mask, and its argument."""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The masks.

    Raises:
        InputError: the pattern's grid has another length, or the arrays would be too large.
        Refusal: a layer is not a mask.
    """
    num_tokens = one_length(pattern, provenance, settings)
    numbers: dict[HeadPattern, int] = {}
    layers = []
    for groups, layer in zip(masked_heads(pattern, NAME), pattern.layers, strict=True):
        of_heads = [group for group in groups for _ in range(group.first, group.stop)]
        layers.append([_named(*both, numbers) for both in zip(of_heads, layer.head_patterns(), strict=True)])
    if len(numbers) * num_tokens**2 > _MOST_ENTRIES:
        raise InputError(OPTIONS["num_tokens"], f"must be lower: {len(numbers)} masks are arrays", num_tokens)
    masks = [head.mask(num_tokens) for head in numbers]
    return {
        FILE_NAME: json.dumps({"num_tokens": num_tokens, "layers": layers}) + "\n",
        ARRAYS_FILE_NAME: pack_arrays({"masks": np.array(masks, dtype=np.bool_).reshape(-1, num_tokens, num_tokens)}),
    }


def _named(group: Heads, head: HeadPattern, numbers: dict[HeadPattern, int]) -> Named:
    """The mask of a head; the numbers of those that are arrays are added to `numbers`."""
    only = group.union[0] if len(group.union) == 1 else None
    if isinstance(only, Full):
        return ("causal" if head.causal else "full"), None
    if isinstance(only, Window) and only.dilation == 1:
        return "local", [only.before, 0 if head.causal else only.after]
    if isinstance(only, Block) and only.shift == 0 and head.causal:
        return "chunked_causal", only.tokens
    return "numpy", numbers.setdefault(head, len(numbers))


def read(files: Files, num_heads: int) -> Reading:
    """The masks by the rules of JAX's classes.

    Raises:
        ExportError: the file of arrays is not what nas writes, or a mask is of another kind.
    """
    document = json.loads(files[FILE_NAME])
    masks = unpack_arrays(files[ARRAYS_FILE_NAME], _ARRAYS, NAME, ARRAYS_FILE_NAME)["masks"]

    def seen_by(kind: str, value: Any, query: Positions, key: Positions) -> Flags:
        back = query[:, None] - key
        seen: Flags = back >= 0
        match kind:
            case "causal":
                return seen
            case "full":
                seen = np.ones_like(seen)
            case "local":
                seen = (back <= value[0]) & (back >= -value[1])
            case "chunked_causal":
                seen &= query[:, None] // value == key // value
            case "numpy":
                seen = masks[value][query].astype(np.bool_)
            case _:
                raise ExportError(f"{NAME}: a mask read back must be of a kind that nas writes, got {kind!r}.")
        return seen

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        heads = document["layers"][layer]
        return np.stack([seen_by(kind, value, query, np.arange(num_tokens)) for kind, value in heads])

    return Reading(rows=rows, only=document["num_tokens"])


FORMAT = Format(
    name=NAME,
    summary="masks of JAX's Splash attention at one length; every mask, per layer and head",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    options=frozenset({"num_tokens"}),
    library=Library(package="jax", module="splash_masks"),
)
