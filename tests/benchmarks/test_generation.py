"""The benchmark of generation: what it runs, and what it says of caches."""

import re

import generation
import pytest
import torch

pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that takes no time."""
    import transformers

    config = transformers.LlamaConfig(
        vocab_size=64,
        hidden_size=48,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=3,
        initializer_range=0.3,
    )
    torch.manual_seed(0)
    monkeypatch.setattr(generation, "random_llama", lambda: transformers.LlamaForCausalLM(config))


def test_it_holds_what_is_counted(small: None, capsys: pytest.CaptureFixture[str]) -> None:
    generation.main(["--tokens", "64", "--new", "4"])
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in capsys.readouterr().out.splitlines()[4:]]
    held = {(row[0], row[2]): float(row[-1]) for row in rows}
    assert len(held) == 6
    assert held["streaming", "cache"] == 1.0 < held["streaming", "mask"] == held["streaming", "full"]
    assert held["a third full", "cache"] == pytest.approx(1, abs=0.02)  # the last of 64 tokens is never cached


def test_a_cache_that_changes_what_is_generated_ends_the_benchmark(
    small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = generation.generate

    def other(model: object, way: generation.Way, *more: object) -> generation.Run:
        run = generate(model, way, *more)  # type: ignore[arg-type]
        return generation.Run(0.0, 0.0, 1, run.tokens + (way.name == "cache"))

    monkeypatch.setattr(generation, "generate", other)
    with pytest.raises(SystemExit, match=re.escape("streaming at 64 tokens: the cache changes what is generated")):
        generation.main(["--tokens", "64", "--new", "4"])
