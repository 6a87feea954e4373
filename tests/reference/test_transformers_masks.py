"""Windows and chunks of transformers: its mask functions, and whole small models with random weights.

Source: transformers 5.23, masking_utils.py and the configs of the models.
"""

from types import SimpleNamespace

import pytest
import torch

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Full, Primitive, Window

LENGTHS = [1, 2, 7, 16]
NUMBERS = [1, 2, 3, 5, 16, 40]
"""Windows and chunks, in tokens, narrower and wider than the sequence."""


def ours(primitive: Primitive, num_tokens, *, causal=True):
    return torch.from_numpy(HeadPattern((primitive,), causal=causal).mask(num_tokens))


def evaluate(mask_function, num_tokens):
    """A mask function of theirs on all pairs, shape (queries, keys)."""
    token = torch.arange(num_tokens)
    return mask_function(0, 0, token[:, None], token[None, :])


def create(transformers, kind, num_tokens, **config):
    """What a decoder's `forward` would get from `create_<kind>_mask`: True where attention is allowed."""
    make = getattr(transformers.masking_utils, f"create_{kind}_mask")
    skip = {"allow_is_bidirectional_skip" if "bidirectional" in kind else "allow_is_causal_skip": False}
    settings = SimpleNamespace(_attn_implementation="sdpa", **config)
    mask = make(settings, torch.zeros(1, num_tokens, 4), attention_mask=None, past_key_values=None, **skip)
    return mask[0, 0]


@pytest.mark.parametrize("num_tokens", LENGTHS)
@pytest.mark.parametrize("number", NUMBERS)
class TestMaskFunctions:
    def test_causal_window(self, transformers, number, num_tokens):
        expected = ours(Window(before=number - 1), num_tokens)
        function = transformers.masking_utils.sliding_window_causal_mask_function(number)
        assert torch.equal(evaluate(function, num_tokens), expected)
        made = create(transformers, "sliding_window_causal", num_tokens, sliding_window=number)
        assert torch.equal(made, expected)

    def test_bidirectional_window(self, transformers, number, num_tokens):
        expected = ours(Window(before=number, after=number), num_tokens, causal=False)
        function = transformers.masking_utils.sliding_window_bidirectional_mask_function(number)
        assert torch.equal(evaluate(function, num_tokens), expected)
        made = create(transformers, "bidirectional_sliding_window", num_tokens, sliding_window=number)
        assert torch.equal(made, expected)

    def test_chunks(self, transformers, number, num_tokens):
        expected = ours(Block(number), num_tokens)
        function = transformers.masking_utils.chunked_causal_mask_function(number, torch.zeros(1, dtype=torch.int64))
        assert torch.equal(evaluate(function, num_tokens), expected)
        made = create(transformers, "chunked_causal", num_tokens, attention_chunk_size=number)
        assert torch.equal(made, expected)


@pytest.mark.parametrize("padding", range(8))
def test_chunks_move_with_padding_on_the_left(transformers, padding):
    """Cuts stand at padding + multiples of the chunk, which is a shift of chunk - padding."""
    function = transformers.masking_utils.chunked_causal_mask_function(5, torch.tensor([padding]))
    assert torch.equal(evaluate(function, 23), ours(Block(5, shift=-padding % 5), 23))


SMALL = {
    "vocab_size": 40,
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "attn_implementation": "eager",
}
LOCAL_AND_FULL = {"num_hidden_layers": 2, "layer_types": ["sliding_attention", "full_attention"]}


def attended(model, num_tokens=20):
    """Which keys got any probability in each layer, shape (heads, queries, keys) each."""
    torch.manual_seed(0)
    tokens = torch.randint(3, 40, (1, num_tokens))
    with torch.no_grad():
        attentions = model.eval()(tokens, output_attentions=True).attentions
    return [layer[0] > 0 for layer in attentions]


def assert_layers(model, *expected: Primitive, causal=True):
    for layer, primitive in zip(attended(model), expected, strict=True):
        assert torch.equal(layer, ours(primitive, 20, causal=causal).expand_as(layer)), primitive


@pytest.mark.parametrize("number", [1, 4, 7])
class TestModels:
    def test_mistral_counts_the_query_itself(self, transformers, number):
        config = transformers.MistralConfig(**SMALL, num_hidden_layers=1, sliding_window=number)
        assert_layers(transformers.MistralModel(config), Window(before=number - 1))

    def test_gemma_alternates_windows_and_full_layers(self, transformers, number):
        config = transformers.Gemma3TextConfig(**SMALL, **LOCAL_AND_FULL, sliding_window=number)
        assert_layers(transformers.Gemma3TextModel(config), Window(before=number - 1), Full())

    def test_bidirectional_gemma_means_the_total(self, transformers, number):
        config = transformers.Gemma3TextConfig(
            **SMALL, **LOCAL_AND_FULL, sliding_window=number, use_bidirectional_attention=True
        )
        half = Window(before=number // 2, after=number // 2)
        assert_layers(transformers.Gemma3TextModel(config), half, Full(), causal=False)

    def test_llama_4_chunks(self, transformers, number):
        config = transformers.Llama4TextConfig(
            **SMALL,
            num_hidden_layers=2,
            attention_chunk_size=number,
            layer_types=["chunked_attention", "full_attention"],
            num_local_experts=1,
            intermediate_size_mlp=16,
        )
        assert_layers(transformers.Llama4TextModel(config), Block(number), Full())

    def test_modernbert_means_the_total(self, transformers, number):
        sizes = {name: SMALL[name] for name in SMALL if name not in ("head_dim", "num_key_value_heads")}
        config = transformers.ModernBertConfig(**sizes, **LOCAL_AND_FULL, local_attention=number, pad_token_id=0)
        half = Window(before=number // 2, after=number // 2)
        assert_layers(transformers.ModernBertModel(config), half, Full(), causal=False)
