"""Cheap ways for neighbouring tokens to mix before attention: a shift of the embeddings, and short convolutions.

Byte by byte, most of what can be predicted stands right in front. A proxy that has attention alone for that may reward
narrow windows for being a convolution; docs/transfer.md measures whether one that mixes neighbours anyway ranks
patterns as larger models do. Both look back only, whatever the task.

Shapes are written with K members, B sequences, T tokens and D features.
"""

import torch
from torch import Tensor
from torch.nn import functional

from nas.proxy.network.parameter_spec import ParameterSpec, matrix, vector
from nas.proxy.settings import ProxySettings

TAP_DEVIATION = 0.25
"""Standard deviation of a convolution's taps at the start; Canon layers have 0.29, PyTorch's own for four tokens."""


def shift_specs(proxy: ProxySettings) -> list[ParameterSpec]:
    """The weights of a token shift, if the proxy has one."""
    return [vector("token_shift", proxy.d_model, 0.0, mean=0.5)] if proxy.token_shift else []


def convolution_specs(proxy: ProxySettings) -> list[ParameterSpec]:
    """The weights of the convolutions; those that start at zero learn too late to tell (docs/transfer.md)."""
    width, layers = proxy.convolution_tokens, range(proxy.num_layers if proxy.convolution_tokens else 0)
    return [matrix(f"{layer}.convolution", width, proxy.d_model, TAP_DEVIATION) for layer in layers]


def shifted(x: Tensor, share: Tensor) -> Tensor:
    """Each token mixed with the one before it, feature by feature: shape (K, B, T, D), share (K, D).

    Source: the token shift of RWKV (Peng et al. 2023), which stands in every layer there.
    """
    return torch.lerp(x, _moved(x, 1), share[:, None, None, :])


def convolved(x: Tensor, taps: Tensor) -> Tensor:
    """x plus a causal convolution of it, feature by feature.

    Args:
        x: shape (K, B, T, D).
        taps: factors of the token itself, the one before it, and so on, shape (K, width, D).

    Source: Canon-A of Allen-Zhu 2025 (arXiv 2512.17351, section 4): before attention, with a residual connection, four
    tokens wide. There it stands behind the norm; here in front of it, where the fused norm and product leave room.
    """
    own, *earlier = taps[:, :, None, None].unbind(1)
    out = x * (1 + own)
    for distance, tap in enumerate(earlier, 1):
        out = out + _moved(x, distance) * tap
    return out


def _moved(x: Tensor, distance: int) -> Tensor:
    """Each token in the place of the one `distance` after it, zeros in front."""
    return functional.pad(x, (0, 0, distance, 0))[:, :, : x.shape[2]]
