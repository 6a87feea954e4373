from dataclasses import replace
from types import SimpleNamespace

import pytest

from nas.errors import InputError, PatternError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.pretrained.decoder import Decoder
from nas.pretrained.dimensions import Dimensions
from nas.space import systems
from nas.space.space import Shape


def test_sizes_are_read_from_the_config(decoder: Decoder) -> None:
    sizes = decoder.dimensions
    assert (sizes.num_layers, sizes.num_heads, sizes.num_kv_heads, sizes.heads_per_kv) == (2, 4, 2, 2)
    target = sizes.target(num_tokens=64)
    assert (target.d_model, target.d_head, target.d_mlp, target.gated_mlp, target.vocab_size) == (32, 8, 64, True, 256)
    assert (target.num_tokens, target.bytes_per_element, target.tied_embeddings) == (64, 4, False)
    assert target.name == "llama"


def test_a_size_that_is_missing_is_told() -> None:
    config = SimpleNamespace(model_type="odd", num_attention_heads=4)
    config.get_text_config = lambda decoder: config
    with pytest.raises(InputError, match=r"^checkpoint: must have a whole number as hidden_size .* got 'None of odd'"):
        Dimensions.read(config, "odd", gated_mlp=False)


SHAPE = Shape(num_layers=2, num_heads=4, num_tokens=24, causal=True, context=True)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (systems.full(replace(SHAPE, num_layers=3)), r"^layers: must count 2, as llama has, got 3"),
        (systems.full(replace(SHAPE, num_heads=8)), r"^layers\[0\].heads: must count 4, as llama has, got 8"),
        (systems.full(replace(SHAPE, causal=False)), r"^causal: must be true for a decoder"),
        (systems.transformer_xl(SHAPE), r"^position: must be rope, which stands for the decoder's own positions"),
        (
            SHAPE.pattern([(HeadGroup(4, (Full(),)),)] * 2, memory_tokens=[0, 5]),
            r"^layers\[1\].memory_tokens: must be 0",
        ),
        (systems.linformer(replace(SHAPE, causal=False)), r"^causal: must be true"),
    ],
)
def test_a_pattern_that_the_decoder_cannot_have_is_refused(
    decoder: Decoder, pattern: ModelPattern, message: str
) -> None:
    with pytest.raises(PatternError, match=message):
        decoder.dimensions.check_fit(pattern)
