"""The code of generated modules that compute sparse attention with torch's dense kernel, a few queries at a time."""

SPARSE = '''

QUERIES_AT_ONCE = 256  # without a GPU, queries that share the keys that any of them sees


class _Rows(NamedTuple):
    """Some queries and the keys that any of them sees."""

    queries: slice
    keys: slice | Tensor
    seen: Tensor | None  # bool, (batch or 1, heads or 1, queries, keys); None if it is too large to be kept


class HeadGroup(NamedTuple):
    """KV heads of a layer whose query heads attend alike."""

    kinds: tuple[int, ...]  # of the query heads of each
    kv_heads: list[int]
    heads: list[int]  # query heads


@lru_cache(maxsize=None)
def head_groups(layer: int, num_kv_heads: int) -> list[HeadGroup]:
    """The KV heads of a layer, those together whose query heads attend alike."""
    shared = NUM_HEADS // num_kv_heads
    groups: dict[tuple[int, ...], HeadGroup] = {{}}
    for kv_head in range(num_kv_heads):
        heads = range(kv_head * shared, (kv_head + 1) * shared)
        kinds = tuple(KINDS[layer][head] for head in heads)
        group = groups.setdefault(kinds, HeadGroup(kinds, [], []))
        group.kv_heads.append(kv_head)
        group.heads.extend(heads)
    return list(groups.values())


def taken(states: Tensor, heads: list[int]) -> Tensor:
    """Some heads of (batch, heads, tokens, d_head), without a copy if they are neighbours."""
    if heads[-1] - heads[0] == len(heads) - 1:
        return states[:, heads[0] : heads[-1] + 1]
    return states[:, heads]


def in_order(outs: list[Tensor], groups: list[HeadGroup]) -> Tensor:
    """The outputs of groups as one tensor, its heads in the model's order."""
    if len(groups) == 1:
        return outs[0]
    heads = torch.tensor([head for group in groups for head in group.heads], device=outs[0].device)
    return torch.cat(outs, dim=1)[:, heads.argsort()]


def last_query(kinds: tuple[int, ...], key: Tensor) -> Tensor:
    """The last query that sees a key in any head of these kinds; FOREVER if later ones may always."""
    functions = {{LAST_QUERY[kind] for kind in kinds}}
    if None in functions:
        return torch.full_like(key, FOREVER)
    return torch.stack([function(key) for function in functions]).amax(dim=0)


def mask_heads(group: HeadGroup) -> list[int]:
    """The query heads whose masks are made: one if all have the same mask."""
    return group.heads[:1] if len(set(group.kinds)) == 1 else group.heads


def _sparse_attention(
    layer: int,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor,
    scaling: float | None,
    dropout: float,
) -> Tensor:
    """Attention of one layer, exactly, a few queries at a time, to the keys alone that one of these may see.

    Returns:
        (batch, NUM_HEADS, queries, d_head).
    """
    groups = head_groups(layer, key.shape[1])
    options = {{"scale": scaling, "dropout_p": dropout, "enable_gqa": key.shape[1] != NUM_HEADS}}
    outs = []
    for group in groups:
        q, k, v = taken(query, group.heads), taken(key, group.kv_heads), taken(value, group.kv_heads)
        if _is_plainly_causal(attention_mask) and FULL.issuperset(group.kinds):
            outs.append(scaled_dot_product_attention(q, k, v, is_causal=True, **options))
            continue
        parts = []
        for queries, keys, seen in _rows(layer, group, attention_mask):
            mask = _seen(layer, group, attention_mask, queries, keys) if seen is None else seen
            rows = (q[:, :, queries], k[:, :, keys], v[:, :, keys])
            parts.append(scaled_dot_product_attention(*rows, attn_mask=mask, **options))
        outs.append(torch.cat(parts, dim=2))
    return in_order(outs, groups)


def _rows(layer: int, group: HeadGroup, attention_mask: Tensor) -> list[_Rows]:
    """All queries, a few at a time, with their keys; made once for groups of the same kinds.

    Masks are kept until together they have as many entries as the model's own.
    """
    made, name = _made_of(attention_mask), (group.kinds, len(group.kv_heads))
    if name not in made:
        made[name] = []
        for first in range(0, attention_mask.shape[2], QUERIES_AT_ONCE):
            queries = slice(first, first + QUERIES_AT_ONCE)
            keys = _keys(group, attention_mask, queries)
            seen = _seen(layer, group, attention_mask, queries, keys)
            fits = made["kept"] + seen.numel() <= attention_mask.numel()
            made["kept"] += seen.numel() * fits
            made[name].append(_Rows(queries, keys, seen if fits else None))
    return made[name]


def _keys(group: HeadGroup, attention_mask: Tensor, queries: slice) -> slice | Tensor:
    """The keys that one of these queries may see in one of the group's heads."""
    start, own = (place[:, 0, queries, 0] for place in _made_of(attention_mask)["places"])
    if not torch.equal(start, start[:, :1].expand_as(start)):
        return slice(0, int(own.max()) + 1)  # padding, or several sequences, among these queries
    key = torch.arange(int(own.max()) + 1, device=start.device)
    first = start[:, :1]
    wanted = (key >= first) & (last_query(group.kinds, (key - first).clamp(min=0)) >= own[:, :1] - first)
    found = wanted.any(dim=0).nonzero()[:, 0]
    low, high = int(found[0]), int(found[-1])
    return slice(low, high + 1) if high - low == len(found) - 1 else found


def _seen(layer: int, group: HeadGroup, attention_mask: Tensor, queries: slice, keys: slice | Tensor) -> Tensor:
    """The masks of a group for some queries and keys: bool, (batch or 1, heads or 1, queries, keys)."""
    made = _made_of(attention_mask)
    start, own = (place[:, :, queries] for place in made["places"])
    heads = torch.tensor(mask_heads(group), device=attention_mask.device)
    key = torch.arange(attention_mask.shape[-1], device=attention_mask.device)[keys]
    allowed = attention_mask[: len(start), :, queries][..., keys]  # without padding one sequence stands for all
    return allowed & seen_by(layer, heads, own - start, key - start, attention_mask.shape[-1])
'''
