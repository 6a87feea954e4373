"""Layers as config files of the Hugging Face kind have them: `layer_types`, and one `sliding_window` for the model."""

import json
from typing import Any

import numpy as np

from nas.errors import ExportError
from nas.export.contract.heads import Streaming
from nas.export.contract.masks import Reading
from nas.export.contract.serving import model_window
from nas.patterns.arrays import Flags, Positions

FULL, SLIDING = "full_attention", "sliding_attention"


def layer_type_keys(layers: tuple[Streaming, ...]) -> dict[str, Any]:
    """The keys of layers that are full or have the one window of the model, which counts the query's own key.

    Without a window `sliding_window` is null, so that the default of a config class does not remain.

    Args:
        layers: what every layer sees; no first tokens.
    """
    before = model_window(layers).before
    return {
        "layer_types": [FULL if found.before is None else SLIDING for found in layers],
        "sliding_window": None if before is None else before + 1,
    }


def layer_type_overrides(layers: tuple[Streaming, ...]) -> str:
    """The keys as JSON that overrides a model's config, with the switch without which some configs drop the window.

    Args:
        layers: what every layer sees; no first tokens.
    """
    keys = layer_type_keys(layers)
    return json.dumps(keys | {"use_sliding_window": keys["sliding_window"] is not None}) + "\n"


def layer_type_reading(content: str | bytes, name: str, num_heads: int) -> Reading:
    """The masks of such keys: a sliding layer shows the last `sliding_window` keys, the query's own included.

    Args:
        content: the keys as JSON.
        name: name of the format, for messages.
        num_heads: heads of a layer, which all see the same.

    Raises:
        ExportError: a layer is of another type.
    """
    keys = json.loads(content)
    for kind in keys["layer_types"]:
        if kind not in (FULL, SLIDING):
            raise ExportError(f"{name}: layer_types read back must be {FULL} or {SLIDING}, got {kind!r}.")

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        back = query[:, None] - np.arange(num_tokens)
        seen = back >= 0
        if keys["layer_types"][layer] == SLIDING:
            seen &= back < keys["sliding_window"]
        return np.broadcast_to(seen, (num_heads, *seen.shape))

    return Reading(rows=rows)
