"""The readout, from final hidden states to scores: at every token, from their mean, or from the last token alone."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from nas.proxy.network.operations import normed, normed_product
from nas.proxy.network.parameter_spec import ParameterSpec, matrix
from nas.proxy.settings import ProxySettings
from nas.tasks.task import Readout

PLACE_DEVIATION = 1.0
"""Places start as large as the normalised state that they are added to. Measured on compression (32 tokens, 16
entries, two seeds, 1,000 steps of 16): accuracy 0.17, against 0.16 with 0.3 and with 0.1; chance is 0.07."""


def head_spec(readout: Readout, proxy: ProxySettings, vocab_size: int) -> ParameterSpec:
    """The matrix that every readout ends with."""
    width = proxy.mlp_ratio * proxy.d_model if readout == "last" else proxy.d_model
    return matrix("head", width, vocab_size, 1 / math.sqrt(width))


def readout_specs(readout: Readout, proxy: ProxySettings, num_tokens: int) -> tuple[ParameterSpec, ...]:
    """The weights of a readout in addition to its head: for "last" a vector for each place, and the way into an MLP."""
    if readout != "last":
        return ()
    width = proxy.d_model
    return (
        matrix("readout.position_embedding", num_tokens, width, PLACE_DEVIATION),
        matrix("readout.mlp_in", width, proxy.mlp_ratio * width, 1 / math.sqrt(width)),
    )


def read_out(readout: Readout, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """Scores of every entry of the vocabulary.

    Args:
        readout: which hidden states predict a target, as in the task.
        x: final hidden states before their norm, shape (members, batch, tokens, features).
        weights: what `Layout.unpack` gives.

    Returns:
        shape (members, batch * tokens, vocabulary), for "mean" (members, batch, vocabulary).
    """
    gain, head = weights["norm"], weights["head"]
    if readout == "each":
        return _scores(normed(x.flatten(1, 2)), gain[:, :, None] * head)
    if readout == "mean":
        return _scores(normed(x).mean(dim=2), gain[:, :, None] * head)
    # The MLP reads the sum of two vectors: its first product is computed for each separately, not for all pairs.
    last = normed_product(x[:, :, -1], gain, weights["readout.mlp_in"])
    places = torch.bmm(weights["readout.position_embedding"], weights["readout.mlp_in"])
    return _scores(functional.gelu(last[:, :, None] + places[:, None]).flatten(1, 2), head)


def _scores(states: Tensor, head: Tensor) -> Tensor:
    """The last product, in float32 whatever came before it: in bfloat16, two in a hundred best scores are tied."""
    with torch.autocast(states.device.type, enabled=False):
        return torch.bmm(states.float(), head.float())
