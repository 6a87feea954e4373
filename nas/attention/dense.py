"""Dense attention under a bias: the reference for every other backend."""

from functools import lru_cache

from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.attention.bias import pattern_bias
from nas.attention.segment_memory import Pair, in_front, most_memory
from nas.attention.short import is_short, short_attention
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full


def dense_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: tuple[HeadPattern, ...],
    scale: float | None = None,
    memory: Pair | None = None,
) -> Tensor:
    """Attention over all pairs, with those that the patterns hide masked out.

    Args:
        q: queries, shape (batch, heads, tokens, d_key).
        k: keys, same shape.
        v: values, shape (batch, heads, tokens, d_value).
        heads: one pattern per head, of masks or `select`.
        scale: factor on the scores; None for 1 / sqrt(d_key).
        memory: keys and values of the previous segment; see `nas.attention.module.attend`.

    Returns:
        shape (batch, heads, tokens, d_value).
    """
    num_rows = most_memory(heads)
    keys, values = in_front(memory, k, v, num_rows)
    if is_short(q, keys):
        scale = q.shape[3] ** -0.5 if scale is None else scale
        return short_attention(q, keys, values, pattern_bias(q, k, heads), scale)
    if needs_no_mask(heads):
        return scaled_dot_product_attention(q, k, v, is_causal=heads[0].causal, scale=scale)
    return scaled_dot_product_attention(q, keys, values, attn_mask=pattern_bias(q, k, heads).values, scale=scale)


@lru_cache(maxsize=1024)
def needs_no_mask(heads: tuple[HeadPattern, ...]) -> bool:
    """Whether torch's kernels show by themselves what these heads see: every key, or every earlier one."""
    return all(_is_full(head) and head.causal == heads[0].causal for head in heads)


def _is_full(head: HeadPattern) -> bool:
    return not head.memory_tokens and any(isinstance(primitive, Full) for primitive in head.attend)
