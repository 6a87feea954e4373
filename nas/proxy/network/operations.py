"""Operations on the hidden states of all members at once.

Shapes are written with K members, B sequences, T tokens and D features.
"""

import torch
from torch import Tensor
from torch.nn import functional


def normed(x: Tensor) -> Tensor:
    """RMSNorm without its gain: features scaled to a mean square of 1."""
    return functional.rms_norm(x, x.shape[-1:])


def normed_product(x: Tensor, gain: Tensor, matrix: Tensor) -> Tensor:
    """RMSNorm, its gain, and the linear layer after it, for each member.

    The gain is multiplied into the matrix: the same function, on far fewer numbers than the activations are.

    Args:
        x: shape (K, places, in).
        gain: shape (K, in).
        matrix: shape (K, in, out).
    """
    return torch.bmm(normed(x), gain[:, :, None] * matrix)


def by_place(x: Tensor, tokens: Tensor) -> Tensor:
    """(K, B * T, D) as (K, B, T, D), with B and T of the tokens."""
    return x.view(len(x), *tokens.shape, -1)


def shifted(x: Tensor, share: Tensor) -> Tensor:
    """Each token mixed with the one before it, feature by feature: shape (K, B, T, D), share (K, D)."""
    before = functional.pad(x, (0, 0, 1, 0))[:, :, :-1]
    return torch.lerp(x, before, share[:, None, None, :])
