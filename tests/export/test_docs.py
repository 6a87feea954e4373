"""The examples of docs/export.md and of the exported READMEs run as they stand."""

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from nas.export import FORMATS, export_points
from tests.supported_patterns import EXAMPLES, SETTINGS, example_point

DOCS = Path(__file__).parents[2] / "docs" / "export.md"
NOT_HERE = {
    "torch.compile": "compiling takes a C++ compiler and minutes",
    "duo_attn": "a GPU",
    "minference": "a GPU",
    "flash_attn": "a GPU",
    "swaa_patch": "a GPU",
    "mlx_lm": "a model with a tokenizer",
    **{name: "it is not installed" for name in ("jax", "gguf") if find_spec(name) is None},
}
"""What an example may need that the tests do without."""


def _examples(text: str) -> list[str]:
    """Python blocks, those aside that need what is not here."""
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    return [block for block in blocks if not any(need in block for need in NOT_HERE)]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A small Llama that the patterns of the examples fit."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")
    config = transformers.LlamaConfig(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    path = tmp_path_factory.mktemp("models") / "model"
    transformers.LlamaForCausalLM(config).save_pretrained(path)
    return path


@pytest.fixture
def exported(model, tmp_path, monkeypatch):
    """Exports into the current folder, in which a model lies too and from which modules are imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "model").symlink_to(model)
    if "gguf" not in NOT_HERE:
        from nas.export.libraries.gguf_file import write_small_file

        write_small_file(tmp_path / "model.gguf", "gemma4")

    def export(name: str) -> None:
        export_points([example_point(name)], name, tmp_path, settings=SETTINGS[name], force=True)

    yield export
    for module in ("attention_pattern", "torch_attention", "transformers_attention", "transformers_cache"):
        sys.modules.pop(module, None)


@pytest.mark.slow
def test_the_examples_of_the_docs_run(exported):
    for name in ("flex", "torch", "transformers"):
        exported(name)
    examples = _examples(DOCS.read_text())
    assert len(examples) == 4
    for example in examples:
        exec(example, {})


def test_the_docs_name_every_format():
    assert re.findall(r"^### `(.*)`$", DOCS.read_text(), flags=re.MULTILINE) == list(FORMATS)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_the_usage_of_every_format_runs(exported, name):
    exported(name)
    q = torch.randn(1, 2, 16, 8)
    usage = FORMATS[name].usage + FORMATS[name].further_usage(EXAMPLES[name], "both")
    examples = _examples(usage)
    if not any(need in usage for need in NOT_HERE):
        assert bool(examples) == (name not in ("tensorrt-llm", "vllm", "sglang"))
    names = {"q": q, "k": q, "v": q}
    for example in examples:  # in turn, as a reader runs them
        exec(example, names)
