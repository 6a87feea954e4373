"""The keys of config.json, and models that are built with them."""

import json

import pytest
import torch

from nas.errors import ExportError
from nas.export import FORMATS
from nas.export.contract.export_format import Files
from nas.export.contract.heads import Refusal
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Global, Primitive, Random, Window
from tests.supported_patterns import files_of


def _pattern(*layers: tuple[Primitive, ...], causal: bool = True) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(2, union),) for union in layers], causal=causal)


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        (
            _pattern((Window(7),), (Full(),), (Block(8),)),
            {
                "layer_types": ["sliding_attention", "full_attention", "chunked_attention"],
                "sliding_window": 8,
                "use_sliding_window": True,
                "attention_chunk_size": 8,
            },
        ),
        (
            _pattern((Window(7),), (Window(3),)),
            {
                "layer_types": ["sliding_attention"] * 2,
                "sliding_window": None,
                "attention_chunk_size": None,
                "use_sliding_window": True,
                "per_layer_config": {
                    "0": {"sliding_window": 8, "attention_chunk_size": None},
                    "1": {"sliding_window": 4, "attention_chunk_size": None},
                },
            },
        ),
        (_pattern((Window(4, 4),), causal=False), {"model_type": "longformer", "attention_window": [8]}),
    ],
)
def test_the_keys(pattern, keys):
    assert json.loads(files_of("transformers-config", pattern)["config_fragment.json"]) == keys


def test_a_model_of_transformers_is_built_with_the_keys():
    """Qwen3 has windows in some layers and none in others."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")
    pattern = _pattern((Window(3),), (Full(),))
    keys = json.loads(files_of("transformers-config", pattern)["config_fragment.json"])
    sizes = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "head_dim": 8,
    }
    config = transformers.Qwen3Config(
        vocab_size=32, num_key_value_heads=1, attn_implementation="eager", **sizes, **keys
    )
    model = transformers.Qwen3ForCausalLM(config).eval()
    tokens = torch.arange(20)[None]
    seen = model(tokens, output_attentions=True).attentions
    for layer in range(2):
        assert ((seen[layer][0].detach().numpy() > 0) == pattern.mask(layer, 20)).all()


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (_pattern((Window(1, 1),), causal=False), "as many keys before as after, 2 or more"),
        (_pattern((Window(4, 4),), (Window(3, 3),), causal=False), "must divide the largest"),
        (_pattern((Window(4, 4),), (Window(4, 4), Global(1)), causal=False), "the same in all layers"),
        (_pattern((Window(4, 4), Random(4, 1)), causal=False), "one window and global tokens"),
        (_pattern((Window(4), Global(1))), "one window, one chunk or full attention"),
        (_pattern((Window(4, 0, 2),)), "one window, one chunk or full attention"),
    ],
)
def test_what_a_config_cannot_represent(pattern, said):
    with pytest.raises(Refusal, match=said):
        files_of("transformers-config", pattern)


@pytest.mark.parametrize(
    ("pattern", "old", "new", "said"),
    [
        (
            _pattern((Full(),), causal=False),
            "original_full",
            "block_sparse",
            "attention_type read back must be original_full, got 'block_sparse'",
        ),
        (
            _pattern((Full(),)),
            "full_attention",
            "linear_attention",
            "layer_types read back must be .* or chunked_attention, got 'linear_attention'",
        ),
    ],
    ids=["big_bird", "decoder"],
)
def test_attention_that_it_does_not_write_is_found_out(pattern, old, new, said):
    files = files_of("transformers-config", pattern)
    edited: Files = {name: str(text).replace(old, new) for name, text in files.items()}
    assert edited != files
    with pytest.raises(ExportError, match=f"^transformers-config: {said}"):
        FORMATS["transformers-config"].check(edited, pattern)
