"""RMSNorm in front of a matrix."""

import torch
from torch import Tensor
from torch.nn import functional


def normed(x: Tensor) -> Tensor:
    """Features scaled to a mean square of 1; the gain is left to the product behind it."""
    return functional.rms_norm(x, x.shape[-1:])


def normed_product(x: Tensor, gain: Tensor, matrix: Tensor) -> Tensor:
    """RMSNorm, its gain, and the linear layer that reads it, member by member.

    The gain is multiplied into the matrix: the same function, on far fewer numbers than the activations are.

    Args:
        x: shape (members, places, in).
        gain: shape (members, in).
        matrix: shape (members, in, out).
    """
    return torch.bmm(normed(x), gain[:, :, None] * matrix)
