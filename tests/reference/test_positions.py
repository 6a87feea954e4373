"""Positions against models of transformers that have them: ALiBi against Bloom and MPT, rotation against Llama.

Source: transformers 5.23, models/bloom, models/mpt and models/llama.
"""

import pytest
import torch

from nas.attention import attend
from nas.attention.positions import alibi_features, alibi_slopes, rotary_table, rotate
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Window


@pytest.mark.parametrize("num_heads", [1, 2, 8, 16, 3, 6, 12, 20])
def test_slopes_are_blooms(transformers, num_heads):
    bias = transformers.models.bloom.modeling_bloom.build_alibi_tensor(torch.ones(1, 2), num_heads, torch.float32)
    torch.testing.assert_close(alibi_slopes(num_heads), bias[:, 0, 1])


@pytest.mark.parametrize("pattern", [Full(), Window(3)])
@pytest.mark.parametrize("model", ["bloom", "mpt"])
def test_outputs_are_those_of_scores_with_their_bias(transformers, model, pattern):
    """Their biases differ by a constant in each head, which softmax does not see: one counts from 0, one up to 0."""
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 4, 13, 5, dtype=torch.float64)
    library = getattr(transformers.models, model)
    if model == "bloom":
        bias = library.modeling_bloom.build_alibi_tensor(torch.ones(1, 13), 4, torch.float64)
    else:
        bias = library.modeling_mpt.build_mpt_alibi_tensor(4, 13).double()
    heads = (HeadPattern((pattern,)),) * 4
    hidden = torch.zeros(13, 13, dtype=torch.float64).masked_fill(~torch.from_numpy(heads[0].mask(13)), -torch.inf)
    theirs = torch.nn.functional.scaled_dot_product_attention(q, k, v, bias + hidden)
    features = alibi_features(q, k, alibi_slopes(4), 5**-0.5)
    torch.testing.assert_close(attend(*features, v, heads, "dense", 5**-0.5), theirs)


@pytest.mark.parametrize("d_head", [2, 8, 64])
def test_rotation_is_llamas(transformers, d_head):
    torch.manual_seed(0)
    config = transformers.LlamaConfig(hidden_size=2 * d_head, num_attention_heads=2, rope_theta=10_000.0)
    library = transformers.models.llama.modeling_llama
    q, k = torch.randn(2, 1, 2, 50, d_head)
    cosine, sine = library.LlamaRotaryEmbedding(config)(q, torch.arange(50)[None])
    theirs = library.apply_rotary_pos_emb(q, k, cosine, sine)
    # Llama's pairs are (i, i + d_head / 2), ours are (2 i, 2 i + 1): features change places and come back.
    apart = torch.arange(d_head).view(2, -1).T.flatten()
    ours = tuple(rotate(x[..., apart], rotary_table(50, d_head))[..., apart.argsort()] for x in (q, k))
    # float32 angles in theirs: up to 49 radians, with 2^-24 of relative rounding for the frequency and for the product
    torch.testing.assert_close(ours, theirs, rtol=0, atol=49 * 2**-23 * 5)
