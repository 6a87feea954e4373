"""Families of decoders: what transformers takes for keys that a config.json leaves out, and which layers have windows.

Source: the config classes of transformers 5.23, models/*/configuration_*.py; tests compare with them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from nas.config.model_fields import OWN_FILE, ModelFields
from nas.errors import InputError

Windows = list[int | None]
"""For each layer the keys that a query sees, its own included; None for all."""

Rule = Callable[[ModelFields, int], Windows]
"""From the keys and the number of layers to the windows."""


@dataclass(frozen=True, slots=True)
class Family:
    """The decoders of one `model_type`.

    Args:
        windows: which layers have windows.
        defaults: values of keys that a file may leave out.
    """

    windows: Rule
    defaults: Mapping[str, int | bool] = field(default_factory=dict)


def _nowhere(fields: ModelFields, num_layers: int) -> Windows:
    return [None] * num_layers


def _everywhere(fields: ModelFields, num_layers: int) -> Windows:
    return [fields.window()] * num_layers


def _where_listed(fields: ModelFields, num_layers: int) -> Windows:
    """By `layer_types`, which a file may leave out only if it has no window."""
    if (listed := _listed(fields, num_layers)) is not None:
        return listed
    if (window := fields.window()) is not None:
        allowed = f"must have the key 'layer_types', as sliding_window is {window}"
        raise InputError(fields.file, allowed, f"model_type {fields.model_type!r}", OWN_FILE)
    return [None] * num_layers


def _but_every_nth(fields: ModelFields, num_layers: int) -> Windows:
    """By `layer_types`; without it, full in every layer whose number `sliding_window_pattern` divides."""
    if (listed := _listed(fields, num_layers)) is not None:
        return listed
    window, period = fields.window(), fields.count("sliding_window_pattern")
    return [window if layer % period else None for layer in range(1, num_layers + 1)]


def _above_the_lowest(fields: ModelFields, num_layers: int) -> Windows:
    """By `layer_types`; without it, full in the lowest `max_window_layers` layers."""
    if (listed := _listed(fields, num_layers)) is not None:
        return listed
    window, lowest = fields.window(), fields.values.get("max_window_layers")
    if not isinstance(lowest, int) or isinstance(lowest, bool) or lowest < 0:
        raise InputError(f"{fields.file}: max_window_layers", "must be a whole number, 0 or more", lowest)
    return [None if layer < lowest else window for layer in range(num_layers)]


def _if_switched_on(rule: Rule) -> Rule:
    """The rule where `sliding_window` counts only with `use_sliding_window`."""

    def windows(fields: ModelFields, num_layers: int) -> Windows:
        on = fields.flag("use_sliding_window")
        return rule(fields if on else replace(fields, values={**fields.values, "sliding_window": None}), num_layers)

    return windows


def _listed(fields: ModelFields, num_layers: int) -> Windows | None:
    kinds, where = fields.values.get("layer_types"), f"{fields.file}: layer_types"
    if kinds is None:
        return None
    if not isinstance(kinds, list) or len(kinds) != num_layers:
        raise InputError(where, f"must list {num_layers} layers, as num_hidden_layers says", kinds)
    return [_of_kind(kind, fields, f"{where}[{layer}]") for layer, kind in enumerate(kinds)]


def _of_kind(kind: object, fields: ModelFields, where: str) -> int | None:
    if kind == "full_attention":
        return None
    if kind != "sliding_attention":
        raise InputError(where, "must be full_attention or sliding_attention", kind, OWN_FILE)
    if (window := fields.window()) is None:
        raise InputError(where, "must be full_attention, as no sliding_window is set and switched on", kind)
    return window


UNKNOWN = Family(_where_listed)
"""Any other architecture: its file has to have every key."""

FAMILIES = {
    "llama": Family(_nowhere),
    "mistral": Family(_everywhere, {"num_key_value_heads": 8, "sliding_window": 4096}),
    "phi3": Family(_everywhere),
    "qwen2": Family(
        _if_switched_on(_above_the_lowest),
        {"num_key_value_heads": 32, "sliding_window": 4096, "max_window_layers": 28},
    ),
    "qwen3": Family(
        _if_switched_on(_above_the_lowest),
        {"num_key_value_heads": 32, "head_dim": 128, "sliding_window": 4096, "max_window_layers": 28},
    ),
    "gemma2": Family(
        _but_every_nth,
        {
            "num_key_value_heads": 4,
            "head_dim": 256,
            "sliding_window": 4096,
            "sliding_window_pattern": 2,
            "tie_word_embeddings": True,
        },
    ),
    "gemma3_text": Family(
        _but_every_nth,
        {
            "num_attention_heads": 8,
            "num_key_value_heads": 4,
            "head_dim": 256,
            "vocab_size": 262_208,
            "max_position_embeddings": 131_072,
            "sliding_window": 4096,
            "sliding_window_pattern": 6,
            "tie_word_embeddings": True,
        },
    ),
    "gpt_oss": Family(
        _but_every_nth,
        {
            "num_key_value_heads": 8,
            "head_dim": 64,
            "num_experts_per_tok": 4,
            "max_position_embeddings": 131_072,
            "sliding_window": 128,
            "sliding_window_pattern": 2,
        },
    ),
    "olmo2": Family(_nowhere),
    "olmo3": Family(_but_every_nth, {"sliding_window": 4096, "sliding_window_pattern": 4}),
    "smollm3": Family(_if_switched_on(_where_listed), {"num_key_value_heads": 4, "tie_word_embeddings": True}),
}
"""Families by `model_type`. SmolLM and SmolLM2 are of `llama`."""
