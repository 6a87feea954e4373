"""Rotary positions (RoPE)."""

import torch
from torch import Tensor

BASE = 10_000.0
"""Longest wavelength is 2 * pi * BASE tokens, as in Su et al. 2021."""


def rotary_table(num_tokens: int, d_head: int) -> Tensor:
    """Cosines and sines of every position, float32, shape (2, num_tokens, d_head).

    The sines of the first half carry the minus sign of the rotation.
    """
    frequency = BASE ** -(torch.arange(0, d_head, 2, dtype=torch.float64) / d_head)
    angle = torch.arange(num_tokens, dtype=torch.float64)[:, None] * frequency
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([torch.cat([cosine, cosine], dim=1), torch.cat([-sine, sine], dim=1)]).float()


def rotate(x: Tensor, table: Tensor) -> Tensor:
    """Each pair of features (i, i + d_head / 2) turned by an angle that grows with the position.

    Args:
        x: queries or keys, shape (..., tokens, d_head).
        table: what `rotary_table` made, on the same device.

    Source: Su et al. 2021 (RoFormer), section 3.2.
    """
    cosine, sine = table
    turned: Tensor = x * cosine + x.roll(x.shape[-1] // 2, dims=-1) * sine
    return turned.to(x.dtype)
