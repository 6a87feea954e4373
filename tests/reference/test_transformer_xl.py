"""Relative positions and memory against Transformer-XL: the paper's formula in loops, and XLNet, which attends like it.

Sources: Dai et al. 2019, section 3.3, with sines and cosines of Vaswani et al. 2017 laid out as in the authors' code,
all sines first; transformers 5.23, models/xlnet/modeling_xlnet.py.
"""

import math

import pytest
import torch

from nas.attention import attend
from nas.attention.positions import relative_features
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Window

HEADS, D_HEAD, D_POSITION, TOKENS = 2, 4, 6, 7


class Inputs:
    """Random queries, keys and values of a segment and of the memory before it, and the learned parts."""

    def __init__(self, num_memory, d_position=D_POSITION):
        torch.manual_seed(num_memory)
        self.num_memory = num_memory
        self.q = torch.randn(1, HEADS, TOKENS, D_HEAD, dtype=torch.float64)
        self.keys = torch.randn(1, HEADS, num_memory + TOKENS, D_HEAD, dtype=torch.float64)
        self.values = torch.randn(1, HEADS, num_memory + TOKENS, D_HEAD, dtype=torch.float64)
        self.u, self.v = torch.randn(2, HEADS, D_HEAD, dtype=torch.float64)
        self.projection = torch.randn(HEADS, d_position, D_HEAD, dtype=torch.float64)

    def ours(self, pattern, backend):
        """Attention over features that carry the positions; the memory's keys stand at -num_memory, ..., -1."""
        learned = (self.u, self.v, self.projection)
        split = self.num_memory
        q, k = relative_features(self.q, self.keys[:, :, split:], *learned)
        memory = None
        if split:
            memory_keys = relative_features(self.q, self.keys[:, :, :split], *learned, first_key=-split)[1]
            memory = (memory_keys, self.values[:, :, :split])
        heads = (HeadPattern((pattern,), memory_tokens=split),) * HEADS
        return attend(q, k, self.values[:, :, split:], heads, backend, D_HEAD**-0.5, memory=memory)


def encoding(distance, d_position):
    """r of the paper: sines of all frequencies, then cosines."""
    angles = [distance / 10_000 ** (2 * i / d_position) for i in range(d_position // 2)]
    return torch.tensor([*map(math.sin, angles), *map(math.cos, angles)], dtype=torch.float64)


def formula(inputs, pattern):
    """Terms (a) to (d) of the paper, pair by pair; one softmax over the memory and the keys that the mask shows."""
    result = torch.zeros_like(inputs.q)
    mask = torch.from_numpy(HeadPattern((pattern,)).mask(TOKENS))
    for head in range(HEADS):
        for i in range(TOKENS):
            places = [*range(-inputs.num_memory, 0), *(j for j in range(TOKENS) if mask[i, j])]
            scores = []
            for j in places:
                query, key = inputs.q[0, head, i], inputs.keys[0, head, inputs.num_memory + j]
                place = encoding(i - j, inputs.projection.shape[1]) @ inputs.projection[head]
                content = query @ key + inputs.u[head] @ key
                scores.append((content + query @ place + inputs.v[head] @ place) / math.sqrt(D_HEAD))
            weights = torch.stack(scores).softmax(0)
            for weight, j in zip(weights, places, strict=True):
                result[0, head, i] += weight * inputs.values[0, head, inputs.num_memory + j]
    return result


@pytest.mark.parametrize("backend", ["dense", "pieces"])
@pytest.mark.parametrize("pattern", [Full(), Window(2)])
@pytest.mark.parametrize("num_memory", [0, 1, 5])
def test_scores_are_the_papers(num_memory, pattern, backend):
    inputs = Inputs(num_memory)
    torch.testing.assert_close(inputs.ours(pattern, backend), formula(inputs, pattern), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("num_memory", [0, 1, 5])
def test_xlnet_computes_the_same(transformers, num_memory):
    """Its causal form (`attn_type="uni"`), with its own encodings, relative shift, and biases u and v."""
    config = transformers.XLNetConfig(
        vocab_size=8, d_model=HEADS * D_HEAD, n_head=HEADS, n_layer=1, d_inner=8, attn_type="uni"
    )
    model = transformers.XLNetModel(config).double().eval()
    inputs = Inputs(num_memory, d_position=HEADS * D_HEAD)
    attention = model.layer[0].rel_attn
    num_keys = num_memory + TOKENS
    with torch.no_grad():
        attention.r_w_bias.copy_(inputs.u)
        attention.r_r_bias.copy_(inputs.v)
        attention.r.copy_(inputs.projection.transpose(0, 1))
        positions = model.relative_positional_encoding(TOKENS, num_keys, bsz=1).double()
        places = torch.einsum("ibh,hnd->ibnd", positions, attention.r)
        hidden = model.create_mask(TOKENS, num_memory).double()[:, :, None, None]
        theirs = attention.rel_attn_core(
            *(tensor.permute(2, 0, 1, 3) for tensor in (inputs.q, inputs.keys, inputs.values)), places, attn_mask=hidden
        )
    theirs = theirs.permute(1, 2, 0, 3)
    # float32 sines in theirs: 6e-8 on each of 8 entries of r, times the projection and the query
    torch.testing.assert_close(inputs.ours(Full(), "dense"), theirs, rtol=1e-5, atol=1e-5)
