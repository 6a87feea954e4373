"""Operations on the hidden states of all members at once.

Shapes are written with K members, B sequences, T tokens and D features.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
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
    out: Tensor = _NormedProduct.apply(x, gain, matrix)  # type: ignore[no-untyped-call]
    return out


class _NormedProduct(torch.autograd.Function):
    """`bmm(normed(x), gain * matrix)`; torch's own backward of RMSNorm takes a dozen passes over the activations.

    Under autocast the product is in the lower precision, as a linear layer's is.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor, matrix: Tensor) -> Tensor:
        mean_square = torch.linalg.vecdot(x, x).unsqueeze_(2).div_(x.shape[2])
        inverse = mean_square.add_(torch.finfo(x.dtype).eps).rsqrt_()
        kind = x.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype
        states, weights = (x * inverse).to(dtype), (gain[:, :, None] * matrix).to(dtype)
        ctx.save_for_backward(states, inverse, gain, matrix, weights)
        return torch.bmm(states, weights)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states, inverse, gain, matrix, weights = ctx.saved_tensors
        of_weights = torch.bmm(states.mT, upstream).to(matrix.dtype)
        of_states = torch.bmm(upstream, weights.mT).to(inverse.dtype)
        along = torch.linalg.vecdot(of_states, states).unsqueeze_(2).mul_(-1 / states.shape[2])
        of_x = torch.addcmul(of_states, states, along).mul_(inverse)
        return of_x, torch.linalg.vecdot(of_weights, matrix), of_weights * gain[:, :, None]


def by_place(x: Tensor, tokens: Tensor) -> Tensor:
    """(K, B * T, D) as (K, B, T, D), with B and T of the tokens."""
    return x.view(len(x), *tokens.shape, -1)
