"""Low-rank attention: keys and values are projected along the sequence to a few rows."""

from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.attention.head_groups import group_heads
from nas.attention.segment_memory import Pair
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import LowRank


def low_rank_attention(
    q: Tensor, k: Tensor, v: Tensor, heads: tuple[HeadPattern, ...], projections: Pair, scale: float | None = None
) -> Tensor:
    """softmax(q (E k)^T * scale) (F v), in time and memory linear in the number of tokens, with every backend.

    Args:
        q: queries, shape (batch, heads, tokens, d_key).
        k: keys, same shape.
        v: values, shape (batch, heads, tokens, d_value).
        heads: one `low_rank` pattern per head.
        projections: E and F, each of shape (heads, R, tokens); a head uses its first `rank` rows.
        scale: factor on the scores; None for 1 / sqrt(d_key).

    Returns:
        shape (batch, heads, tokens, d_value).

    Source: Wang et al. 2020 (Linformer), section 4, equation 7.
    """
    groups = group_heads(heads)
    if len(groups) == 1:
        return _attention(q, k, v, heads[0], projections, scale)
    out = q.new_empty(*q.shape[:-1], v.shape[-1])
    for head, members in groups.items():
        own = (projections[0][members], projections[1][members])
        out[:, members] = _attention(q[:, members], k[:, members], v[:, members], head, own, scale)
    return out


def _attention(q: Tensor, k: Tensor, v: Tensor, head: HeadPattern, projections: Pair, scale: float | None) -> Tensor:
    assert isinstance(head.computed, LowRank)
    keys, values = (rows[:, : head.computed.rank] @ x for rows, x in zip(projections, (k, v), strict=True))
    return scaled_dot_product_attention(q, keys, values, scale=scale)
