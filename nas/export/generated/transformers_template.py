"""The code of the module for Hugging Face transformers around its masks."""

from nas.export.generated.blocks_template import BLOCKS
from nas.export.generated.model_mask_template import MODEL_MASK
from nas.export.generated.sparse_template import SPARSE

IMPORTS = """from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, flex_attention
from torch.nn.functional import pad, scaled_dot_product_attention"""

HOW_TO = """How to use it, with a causal language model that has as many layers and heads:

    import {module} as pattern

    model = AutoModelForCausalLM.from_pretrained("./model", attn_implementation=pattern.register())
    model.generate(...)

The pattern replaces the model's attention in every layer and head. Weights, positions and the cache are the model's."""

TAIL = (
    '''{kinds}
PHASE = "{phase}"  # where the pattern is used: both, or only in prefill or decode, with full attention in the other


def register(name: str = "nas") -> str:
    """Make the pattern known to transformers; returns the name for `attn_implementation`."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(name, attention)
    AttentionMaskInterface.register(name, model_mask)
    return name


def check_model(config: Any) -> None:
    """Refuse a model that the pattern does not fit.

    Args:
        config: of the model's decoder.

    Raises:
        ValueError: other numbers of layers or heads, attention to later tokens, or layers that drop keys of their own.
    """
    came = (config.num_hidden_layers, config.num_attention_heads)
    if came != (NUM_LAYERS, NUM_HEADS):
        raise ValueError(
            f"pattern {{PATTERN_ID}}: needs a model of {{NUM_LAYERS}} layers with {{NUM_HEADS}} heads each, "
            f"got {{came[0]}} layers with {{came[1]}} heads. Export the pattern of a search for this model."
        )
    if not getattr(config, "is_causal", True):
        raise ValueError(f"pattern {{PATTERN_ID}}: needs a causal model, got config.is_causal = False.")
    kinds = getattr(config, "layer_types", None)
    dropped = set(kinds) - {{"full_attention"}} if kinds else set()
    if not kinds:
        dropped = {{name for name in ("sliding_window", "attention_chunk_size") if getattr(config, name, None)}}
    if dropped:
        raise ValueError(
            f"pattern {{PATTERN_ID}}: needs a model whose own layers see all keys, got {{', '.join(sorted(dropped))}} "
            "in its config. Set layer_types to full_attention, or sliding_window and attention_chunk_size to None."
        )


def model_mask(**arguments: Any) -> Tensor:
    """The model's own mask, including padding and packing; transformers calls this.

    Returns:
        bool, (batch, 1, queries, keys).
    """
    from transformers.masking_utils import sdpa_mask

    check_model(arguments["config"])
    return sdpa_mask(**{{**arguments, "allow_is_causal_skip": False, "allow_is_bidirectional_skip": False}})


def attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **arguments: Any,
) -> tuple[Tensor, None]:
    """Attention of one layer as transformers calls it, with or without gradients and a cache.

    Args:
        module: the model's attention layer; its `layer_idx` says which layer it is.
        query: (batch, NUM_HEADS, queries, d_head).
        key: (batch, key-value heads, keys, d_head), including those of the cache.
        value: as key.
        attention_mask: from `model_mask`: bool, (batch, 1, queries, keys).
        scaling: factor of the scores; d_head ** -0.5 if None.
        dropout: share of the weights that is dropped.
        arguments: others; those that would change attention are refused.

    Returns:
        (batch, queries, NUM_HEADS, d_head), and None for the weights.
    """
    layer = _checked(module.layer_idx)
    _check_call(query, attention_mask, arguments)
    keeper = getattr(key, "keeper", None)  # of a PatternCache, which hands on new keys alone and holds the others
    if keeper is not None and keeper.holds_keys:
        return keeper.attend(query, key, value, attention_mask, scaling).transpose(1, 2).contiguous(), None
    if key.shape[2] != attention_mask.shape[3]:
        raise ValueError(
            f"past_key_values: must hand all {{attention_mask.shape[3]}} keys to the attention, or be a PatternCache "
            f"whose keys the model leaves as they are; got {{key.shape[2]}} keys. Leave it out."
        )
    if not is_used(query.shape[2]):
        out = _full_attention(query, key, value, attention_mask, scaling, dropout)
    elif query.device.type == "cuda" and query.shape[2] > 1 and not dropout:
        blocks = _block_mask(layer, attention_mask)
        grouped = key.shape[1] != NUM_HEADS
        out = _compiled_flex_attention()(query, key, value, block_mask=blocks, scale=scaling, enable_gqa=grouped)
    else:
        out = _sparse_attention(layer, query, key, value, attention_mask, scaling, dropout)
    if keeper is not None:
        keeper.keep(key, value, attention_mask)
    return out.transpose(1, 2).contiguous(), None


def is_used(num_queries: int) -> bool:
    """Whether the pattern is used for so many new tokens: a prompt has several, a decoding step has one."""
    return PHASE == "both" or PHASE == ("prefill" if num_queries > 1 else "decode")


def _full_attention(
    query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor, scaling: float | None, dropout: float
) -> Tensor:
    """Attention to all keys that the model's own mask shows: (batch, NUM_HEADS, queries, d_head)."""
    plain = _is_plainly_causal(attention_mask)
    mask = None if plain else attention_mask
    options = {{"scale": scaling, "dropout_p": dropout, "enable_gqa": key.shape[1] != NUM_HEADS}}
    return scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=plain, **options)


def visible(layer: int, attention_mask: Tensor) -> Tensor:
    """Which keys each query of a layer sees.

    Args:
        layer: from 0 to NUM_LAYERS - 1.
        attention_mask: the model's own mask: bool, (batch, 1, queries, keys).

    Returns:
        bool, (batch, NUM_HEADS, queries, keys).
    """
    start, own = _places(attention_mask)
    heads = torch.arange(NUM_HEADS, device=attention_mask.device)
    key = torch.arange(attention_mask.shape[-1], device=attention_mask.device)
    return attention_mask & seen_by(layer, heads, own - start, key - start, attention_mask.shape[-1])


def seen_by(layer: int, heads: Tensor, query: Tensor, key: Tensor, num_keys: int) -> Tensor:
    """Which keys some heads of a layer see, wherever queries and keys stand in their sequences.

    Args:
        layer: from 0 to NUM_LAYERS - 1.
        heads: indices of query heads, (heads,).
        query: places of the queries in their sequences, (batch or 1, 1, queries, 1).
        key: places of the keys in theirs, (batch or 1, 1, queries or 1, keys); below 0 for none.
        num_keys: length of the longest sequence, in tokens.

    Returns:
        bool, (batch or 1, heads, queries, keys).
    """
    pattern = _pattern(LAYERS[layer], num_keys, query.device)
    head = heads[None, :, None, None]
    return pattern(torch.zeros_like(head), head, query, key.clamp(min=0)) & (key >= 0)


def _pattern(build: Callable[[int | None, Device], MaskMod], num_keys: int, device: torch.device) -> MaskMod:
    """A layer's mask_mod for this number of keys; a causal one is the same at every length that is long enough."""
    return build({table_length}, device)


def _check_call(query: Tensor, attention_mask: Tensor | None, arguments: dict[str, Any]) -> None:
    changing = [name for name in ("softcap", "s_aux", "position_bias") if arguments.get(name) is not None]
    if changing:
        raise ValueError(f"pattern {{PATTERN_ID}}: cannot run a model whose attention has {{', '.join(changing)}}.")
    if attention_mask is None or attention_mask.dtype != torch.bool:
        came = "none" if attention_mask is None else f"one of {{attention_mask.dtype}}"
        raise ValueError(f"attention_mask: must be bool, (batch, 1, queries, keys), got {{came}}.")
    if query.shape[1] != NUM_HEADS:
        raise ValueError(f"pattern {{PATTERN_ID}}: needs {{NUM_HEADS}} query heads, got {{query.shape[1]}}.")


def _block_mask(layer: int, attention_mask: Tensor) -> BlockMask:
    """The block mask of a layer; layers that attend alike share it while the model's mask is the same.

    Without padding and packing it depends on sizes alone, and is kept from call to call.
    """
    made = _made_of(attention_mask)
    batch, _, num_queries, num_keys = attention_mask.shape
    device = attention_mask.device
    if made["plain"]:
        return _causal_block_mask(LAYERS[layer], num_queries, num_keys, device)
    if LAYERS[layer] not in made:
        pattern = _pattern(LAYERS[layer], num_keys, device)
        start, own = (place[:, 0, :, 0] for place in made["places"])

        def seen(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
            first = start[b, q_idx]
            inside = pattern(b, h, own[b, q_idx] - first, (kv_idx - first).clamp(min=0))
            return attention_mask[b, 0, q_idx, kv_idx] & inside

        made[LAYERS[layer]] = _blocks(seen, batch, NUM_HEADS, num_queries, num_keys, device)
    return made[LAYERS[layer]]


@lru_cache(maxsize=64)
def _causal_block_mask(
    build: Callable[[int | None, Device], MaskMod], num_queries: int, num_keys: int, device: torch.device
) -> BlockMask:
    """The block mask of a layer for sequences without padding, whose last tokens are the queries."""
    pattern, earlier = _pattern(build, num_keys, device), num_keys - num_queries

    def seen(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
        return pattern(b, h, q_idx + earlier, kv_idx)

    return _blocks(seen, 1, NUM_HEADS, num_queries, num_keys, device)
'''
    + MODEL_MASK
    + SPARSE
    + BLOCKS
)
