"""The code of generated modules that use FlexAttention: their block masks, and its compiled form."""

BLOCKS = '''

def _blocks(
    mod: MaskMod, batch: int, heads: int, num_queries: int, num_keys: int, device: Device, block_size: int = 128
) -> BlockMask:
    """What `create_block_mask` makes of a mask, from one row of blocks at a time instead of from all pairs at once."""
    entry = torch.arange(batch, device=device)[:, None, None, None]
    head = torch.arange(heads, device=device)[:, None, None]
    key = torch.arange(num_keys, device=device)
    more = -num_keys % block_size
    visible = []
    for start in range(0, num_queries, block_size):
        query = torch.arange(start, min(start + block_size, num_queries), device=device)[:, None]
        seen = mod(entry, head, query, key).expand(batch, heads, len(query), num_keys)
        visible.append(pad(seen, (0, more)).unflatten(3, (-1, block_size)).sum(dim=(2, 4)))
    pairs = torch.stack(visible, dim=2)  # (batch, heads, rows of blocks, columns of blocks)
    full = pairs == block_size * block_size
    return BlockMask.from_kv_blocks(
        *_listed((pairs > 0) & ~full),
        *_listed(full),
        BLOCK_SIZE=block_size,
        mask_mod=mod,
        seq_lengths=(num_queries, num_keys),
    )


def _listed(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """How many blocks of each row are set, and the numbers of all blocks, set ones first, both parts ascending."""
    order = torch.argsort(blocks.to(torch.uint8), dim=-1, descending=True, stable=True)
    return blocks.sum(dim=-1, dtype=torch.int32), order.to(torch.int32).contiguous()


@lru_cache(maxsize=1)
def _compiled_flex_attention() -> Callable[..., Tensor]:
    """FlexAttention, compiled for each layer that differs; never run uncompiled: that would compute all pairs."""
    config = torch._dynamo.config
    config.cache_size_limit = max(config.cache_size_limit, 8 * NUM_LAYERS)
    config.accumulated_cache_size_limit = max(config.accumulated_cache_size_limit, 8 * NUM_LAYERS)
    return torch.compile(flex_attention, fullgraph=True)
'''
