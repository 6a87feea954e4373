"""The code of the transformers module that reads the model's own mask: where each query's sequence starts, and ends."""

MODEL_MASK = '''

_LAST: dict[Any, Any] = {{}}  # the model's latest mask, and what was made of it


def _made_of(attention_mask: Tensor) -> dict[Any, Any]:
    """What was made of the model's mask, for layers that attend alike; forgotten as soon as there is another mask."""
    if _LAST.get("mask") is not attention_mask:
        plain = _is_causal(attention_mask)
        places = _causal_places(attention_mask) if plain else _places(attention_mask)
        _LAST.clear()
        _LAST.update(mask=attention_mask, plain=plain, places=places, kept=0)
    return _LAST


def _is_causal(attention_mask: Tensor) -> bool:
    """Whether every query sees all keys up to its own, the last query's being the last key."""
    num_queries, num_keys = attention_mask.shape[-2:]
    key = torch.arange(num_keys, device=attention_mask.device)
    return torch.equal(attention_mask, (key <= key[num_keys - num_queries :, None]).expand_as(attention_mask))


def _is_plainly_causal(attention_mask: Tensor) -> bool:
    """Whether it is so with no keys from before, which torch's kernels can be told without a mask."""
    return _made_of(attention_mask)["plain"] and attention_mask.shape[2] == attention_mask.shape[3]


def _places(attention_mask: Tensor) -> tuple[Tensor, Tensor]:
    """For each query, the start of its sequence and its own position, as indices of keys: (batch, 1, queries, 1).

    The model is causal, so the first key that a query may see starts its sequence, after padding or another sequence,
    and the last one is its own. A query that is padding sees nothing and has no position.
    """
    seen = attention_mask.to(torch.uint8)
    start = seen.argmax(dim=-1, keepdim=True)
    own = attention_mask.shape[-1] - 1 - seen.flip(-1).argmax(dim=-1, keepdim=True)
    return start, own


def _causal_places(attention_mask: Tensor) -> tuple[Tensor, Tensor]:
    """What `_places` finds without padding and packing: (1, 1, queries, 1), the same for every sequence."""
    num_queries, num_keys = attention_mask.shape[-2:]
    own = torch.arange(num_keys - num_queries, num_keys, device=attention_mask.device)[None, None, :, None]
    return torch.zeros_like(own), own
'''
