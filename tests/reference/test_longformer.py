"""Masks and outputs against transformers' Longformer, built from small configs with random weights.

Source: transformers 5.23, models/longformer/modeling_longformer.py.
"""

import pytest
import torch

from nas.attention import attend
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Global, Window


def config(transformers, windows):
    return transformers.LongformerConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=len(windows),
        num_attention_heads=2,
        intermediate_size=16,
        attention_window=windows,
        max_position_embeddings=64,
        attention_probs_dropout_prob=0.0,
        hidden_dropout_prob=0.0,
    )


def ours(window, num_global):
    return HeadPattern((Window(window // 2, window // 2), Global(num_global)), causal=False)


def support(output, layer, window, num_global, num_tokens):
    """Which keys got any probability, shape (heads, queries, keys).

    Longformer returns a band: first the global keys, then the keys from window / 2 before the query to window / 2
    after it. What the global tokens see stands apart, one column a global token.
    """
    band = output.attentions[layer][0]
    seen = torch.zeros(band.shape[0], num_tokens, num_tokens, dtype=torch.bool)
    for query in range(num_tokens):
        for column in range(band.shape[-1]):
            key = column if column < num_global else query - window // 2 + column - num_global
            if 0 <= key < num_tokens:
                seen[:, query, key] |= band[:, query, column] > 0
            else:
                assert not band[:, query, column].any(), "a key outside the sequence"
    for row in range(num_global):
        seen[:, row] = output.global_attentions[layer][0, :, :num_tokens, row] > 0
        assert not output.global_attentions[layer][0, :, num_tokens:, row].any(), "a key of the padding"
    return seen


@pytest.mark.parametrize("num_global", [0, 1, 3, 7])
@pytest.mark.parametrize("num_tokens", [24, 48, 9, 13, 31])
@pytest.mark.parametrize("windows", [[4, 8, 4], [12, 4, 6]])
def test_every_layer_sees_our_window_and_our_global_tokens(transformers, windows, num_tokens, num_global):
    """Also where the length is no multiple of the largest window: the model pads it, and no token sees the padding."""
    torch.manual_seed(0)
    model = transformers.LongformerModel(config(transformers, windows)).eval()
    tokens = torch.randint(2, 40, (1, num_tokens))
    members = (torch.arange(num_tokens) < num_global).long()[None]
    with torch.no_grad():
        output = model(
            tokens, torch.ones_like(tokens), global_attention_mask=members, output_attentions=True, return_dict=True
        )
    for layer, window in enumerate(windows):
        theirs = support(output, layer, window, num_global, num_tokens)
        assert (theirs.numpy() == ours(window, num_global).mask(num_tokens)).all(), (layer, window)


def test_a_window_must_divide_the_padded_length(transformers):
    model = transformers.LongformerModel(config(transformers, [4, 6])).eval()
    with pytest.raises(AssertionError, match="multiple of 4"):
        model(torch.full((1, 6), 2))


def test_their_smallest_window_is_four(transformers):
    with pytest.raises(RuntimeError, match="must match the existing size"):
        transformers.LongformerModel(config(transformers, [2])).eval()(torch.full((1, 6), 2))


def heads_of(linear, hidden, num_heads):
    return linear(hidden).unflatten(-1, (num_heads, -1)).transpose(1, 2)


def run_both(transformers, num_tokens, num_global, backend, *, global_projections_are_local=True):
    """One layer's attention by them and by us, with the same weights: both of shape (tokens, heads * d_head)."""
    torch.manual_seed(1)
    module = transformers.models.longformer.modeling_longformer.LongformerSelfAttention(config(transformers, [6]), 0)
    for name in ("query", "key", "value"):
        local = getattr(module, name)
        torch.nn.init.normal_(local.weight, std=0.5)
        if global_projections_are_local:
            getattr(module, f"{name}_global").load_state_dict(local.state_dict())
    hidden = torch.randn(1, num_tokens, 16)
    members = torch.arange(num_tokens)[None] < num_global
    with torch.no_grad():
        theirs = module(
            hidden,
            attention_mask=members.float(),
            is_index_masked=torch.zeros_like(members),
            is_index_global_attn=members,
            is_global_attn=num_global > 0,
        )[0]
        q, k, v = (heads_of(getattr(module, name), hidden, 2) for name in ("query", "key", "value"))
        mixed = attend(q, k, v, (ours(6, num_global),) * 2, backend)
    return theirs[0], mixed.transpose(1, 2).flatten(2)[0]


@pytest.mark.parametrize("backend", ["dense", "pieces"])
@pytest.mark.parametrize("num_global", [0, 1, 5])
@pytest.mark.parametrize("num_tokens", [6, 30, 600])
def test_outputs_are_equal_with_shared_weights(transformers, num_tokens, num_global, backend):
    torch.testing.assert_close(*run_both(transformers, num_tokens, num_global, backend))


def test_rows_of_global_tokens_have_projections_of_their_own(transformers):
    theirs, mixed = run_both(transformers, 30, 2, "dense", global_projections_are_local=False)
    torch.testing.assert_close(theirs[2:], mixed[2:])
    assert ((theirs[:2] - mixed[:2]).abs().amax(dim=1) > 1e-3).all()
