"""Native patterns read from a config.json, against the attention of small models that transformers builds from it.

Source: transformers 5.23, models/*/modeling_*.py.
"""

import pytest
import torch

from nas.config.model_config import read_model_config
from nas.costs.native import native_pattern

NUM_TOKENS = 12
SMALL = {
    "vocab_size": 40,
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 6,
    "max_position_embeddings": 64,
}
WINDOW = {"sliding_window": 5}


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("Llama", {}),
        ("Mistral", WINDOW),
        ("Mistral", {"sliding_window": None}),
        ("Phi3", WINDOW | {"pad_token_id": 0}),
        ("Qwen2", WINDOW | {"use_sliding_window": True, "max_window_layers": 4}),
        ("Qwen3", WINDOW | {"max_window_layers": 4, "head_dim": 8}),
        ("Gemma2", WINDOW | {"head_dim": 8}),
        ("Gemma3Text", WINDOW | {"head_dim": 8}),
        ("Gemma3Text", WINDOW | {"head_dim": 8, "sliding_window_pattern": 3}),
        ("GptOss", WINDOW | {"head_dim": 8, "num_local_experts": 2, "num_experts_per_tok": 1}),
        ("Olmo2", {}),
        ("Olmo3", WINDOW),
        ("SmolLM3", {"pad_token_id": 0}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_every_layer_shows_the_same_keys(transformers, tmp_path, kind, more):
    config = getattr(transformers, f"{kind}Config")(**SMALL, **more, attn_implementation="eager")
    config.save_pretrained(tmp_path)
    target = read_model_config(tmp_path / "config.json")
    torch.manual_seed(0)
    model = getattr(transformers, f"{kind}Model")(config).eval()
    tokens = torch.randint(3, 40, (1, NUM_TOKENS))
    with torch.no_grad():
        attentions = model(tokens, output_attentions=True).attentions
    pattern = native_pattern(target, NUM_TOKENS)
    assert len(attentions) == pattern.num_layers == 6
    for layer, attention in enumerate(attentions):
        assert torch.equal(attention[0] > 0, torch.from_numpy(pattern.mask(layer, NUM_TOKENS))), layer
