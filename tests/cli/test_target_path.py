"""The path from a target to a model of its shape: searched with a small proxy, exported, loaded and run."""

from pathlib import Path

import pytest
import torch

from nas.export.generated.run import run_module
from nas.patterns.file import load_pattern
from nas.patterns.primitives import Full, Window

WORDS = ("preset=smoke", "target=llama-3-8b-32k", "space=local_global", "space.options.window_tokens=[512]")


@pytest.mark.slow  # trains eight proxies and runs a model of 32 layers
def test_a_search_for_a_target_ends_in_a_model_of_its_shape(nas, in_tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")
    outcome = nas(
        "search", *WORDS, "num_trials=2", "fidelity=off", "tracking=none", "device=cpu", "workers=1", "study=aimed"
    )
    assert outcome.code == 0 and "the proxy sees 256 tokens of the target as one" in outcome.err + outcome.out
    assert nas("export", "aimed", "--best", "quality", "--format", "transformers", "--out", "bundle").code == 0
    pattern = load_pattern("bundle/pattern.json")
    assert (pattern.num_layers, pattern.num_heads) == (32, 32)
    kinds = [primitive for layer in pattern.layers for group in layer.heads for primitive in group.attend]
    windows = {one.before + 1 for one in kinds if isinstance(one, Window)}
    assert windows and min(windows) >= 512 and any(isinstance(one, Full) for one in kinds)

    module = run_module(Path("bundle/transformers_attention.py").read_text(), "transformers_attention")
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=64, intermediate_size=32, num_hidden_layers=32, num_attention_heads=32,
        num_key_value_heads=8, max_position_embeddings=32768, bos_token_id=None, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(config).eval()
    tokens = torch.randint(1, 64, (1, 1200))
    with torch.no_grad():
        full = model(tokens).logits[0]
        model.set_attn_implementation(module["register"]())
        own = model(tokens).logits[0]
    narrowest = min(windows)
    torch.testing.assert_close(own[:narrowest], full[:narrowest], atol=1e-4, rtol=1e-3)
    assert (own[narrowest:] - full[narrowest:]).abs().max() > 1e-3
