"""Positions as features of queries and keys, so that every backend supports them unchanged.

Backends know only masks and inner products. Rotary positions rotate features; ALiBi and Transformer-XL's relative
positions append some, so that the inner product contains the term that depends on the distance.
"""

import torch
from torch import Tensor
from torch.nn import functional

ROTARY_BASE = 10_000.0
"""Longest wavelength is 2 * pi * base tokens, as in Su et al. 2021; Transformer-XL's sinusoids use the same."""

_STRETCH = 256
"""Integers up to this one are exact in bfloat16; positions are split into a multiple of it and a remainder."""


def rotary_table(num_tokens: int, d_head: int, first: int = 0, base: float = ROTARY_BASE) -> Tensor:
    """The rotations of consecutive positions, complex numbers of modulus 1, complex64, shape (num_tokens, d_head / 2).

    Args:
        num_tokens: how many positions.
        d_head: features of a head, even.
        first: the first position, in tokens; negative for rows of a memory.
        base: longest wavelength as a multiple of 2 pi, in tokens.
    """
    angle = _angles(num_tokens, d_head, first, base)
    return torch.polar(torch.ones_like(angle), angle).to(torch.complex64)


def rotate(x: Tensor, table: Tensor) -> Tensor:
    """Rotate each pair of features (2 i, 2 i + 1) by an angle that grows with the position.

    Args:
        x: queries or keys, shape (..., tokens, d_head).
        table: from `rotary_table`, on the same device.

    Source: Su et al. 2021 (RoFormer), section 3.2. Llama's code in transformers pairs (i, i + d_head / 2): the same
    after the features of queries and keys change places.
    """
    precise = x if x.dtype in (torch.float32, torch.float64) else x.float()
    pairs = torch.view_as_complex(precise.reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * table).flatten(-2).to(x.dtype)


def alibi_slopes(num_heads: int) -> Tensor:
    """How much a head's scores fall with each token of distance, float32, shape (num_heads,).

    For a power of two n: 2^(-8/n), 2^(-16/n), ... Between two powers of two: the slopes of the smaller one, then every
    other slope of the larger one.

    Source: Press et al. 2022 (ALiBi), section 3; for other numbers of heads the authors' code.
    """
    power = 1 << (num_heads.bit_length() - 1)
    between = _geometric(2 * power)[::2][: num_heads - power]
    return torch.cat([_geometric(power), between])


def _geometric(num_heads: int) -> Tensor:
    return torch.exp2(-8.0 / num_heads * torch.arange(1, num_heads + 1, dtype=torch.float64)).float()


def alibi_features(q: Tensor, k: Tensor, slopes: Tensor, scale: float, first_key: int = 0) -> tuple[Tensor, Tensor]:
    """Queries and keys whose scores are scale * q_i . k_j + slope * j.

    For causal heads the softmax equals that of scale * q_i . k_j - slope * (i - j), since terms that depend on i alone
    cancel. j enters as 256 * a + b, so that a and b are exact in bfloat16 up to 65,536 tokens; only the slope
    may be rounded, and by the same amount for all keys. In float32 a score is exact to about 1e-7 of slope * n.

    Args:
        q: queries, shape (batch, heads, queries, d).
        k: keys, shape (batch, heads, keys, d).
        slopes: shape (heads,), from `alibi_slopes`.
        scale: the factor on the scores that attention will be called with (by default it uses 1 / sqrt(d)).
        first_key: position of the first key, in tokens; -M for keys preceded by a memory of M rows.

    Returns:
        shapes (batch, heads, queries, d + 2) and (batch, heads, keys, d + 2); in types of two bytes, zeros are appended
        up to a multiple of 8 features, without which a GPU's fused kernels do not run.

    Source: Press et al. 2022 (ALiBi), section 3.
    """
    position = torch.arange(first_key, first_key + k.shape[-2], device=k.device)
    places = torch.stack([position // _STRETCH, position % _STRETCH], dim=-1)
    weights = slopes.to(q.device, torch.float64)[:, None, None] / scale * places.new_tensor([_STRETCH, 1])
    return _with_features(q, _padded(weights, q)), _with_features(k, _padded(places, k))


def relative_features(
    q: Tensor, k: Tensor, content_bias: Tensor, position_bias: Tensor, projection: Tensor, first_key: int = 0
) -> tuple[Tensor, Tensor]:
    """Queries and keys whose scores are (q_i + u) . k_j + (q_i + v) . W r_{i-j}.

    r_m is all sines and then all cosines of m. Those of i - j are products of those of i and of j, so the second
    term is an inner product of a feature of i and a feature of j. Call attention with the scale for
    d, since there are now more than d features.

    Args:
        q: queries, shape (batch, heads, queries, d); the first is at position 0.
        k: keys, shape (batch, heads, keys, d).
        content_bias: u, shape (heads, d).
        position_bias: v, shape (heads, d).
        projection: W of each head, transposed: shape (heads, d_position, d), d_position even.
        first_key: position of the first key, in tokens; -M for keys preceded by a memory of M rows.

    Returns:
        shapes (batch, heads, queries, d + d_position) and (batch, heads, keys, d + d_position).

    Source: Dai et al. 2019 (Transformer-XL), section 3.3 and appendix B; sinusoids of Vaswani et al. 2017.
    """
    content, position = q + content_bias[:, None, :], q + position_bias[:, None, :]
    of_sine, of_cosine = (position @ projection.mT).chunk(2, dim=-1)
    sine, cosine = _sinusoids(q.shape[-2], projection.shape[1], 0, q)
    # Sinusoids and products are float32 or wider, so that in bfloat16 only the sums are rounded.
    turned = torch.cat([of_cosine * sine - of_sine * cosine, of_sine * sine + of_cosine * cosine], dim=-1).to(q.dtype)
    key_sinusoids = torch.cat(_sinusoids(k.shape[-2], projection.shape[1], first_key, k), dim=-1)
    return torch.cat([content, turned], dim=-1), _with_features(k, key_sinusoids)


def _sinusoids(num_tokens: int, num_features: int, first: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Sines and cosines of positions, each of shape (num_tokens, num_features / 2), in float32 or more."""
    angle = _angles(num_tokens, num_features, first)
    wide = torch.promote_types(like.dtype, torch.float32)
    return angle.sin().to(like.device, wide), angle.cos().to(like.device, wide)


def _angles(num_tokens: int, num_features: int, first: int, base: float = ROTARY_BASE) -> Tensor:
    """Position times frequency, float64, shape (num_tokens, num_features / 2)."""
    frequency = base ** -(torch.arange(0, num_features, 2, dtype=torch.float64) / num_features)
    return torch.arange(first, first + num_tokens, dtype=torch.float64)[:, None] * frequency


def _padded(features: Tensor, x: Tensor) -> Tensor:
    """With zeros behind them, so that x with these features has a width that fused kernels accept."""
    missing = -(x.shape[-1] + features.shape[-1]) % 8 if x.element_size() == 2 else 0
    return functional.pad(features, (0, missing))


def _with_features(x: Tensor, features: Tensor) -> Tensor:
    """Append features to x, the same for every sequence; they broadcast over tokens and heads."""
    return torch.cat([x, features.to(x.dtype).expand(*x.shape[:-1], -1)], dim=-1)
