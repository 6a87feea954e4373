"""The model that an export is for: its size, and whether a library drops its windows in silence."""

import pytest

from nas.errors import InputError
from nas.export import FORMATS, ServedModel
from tests.supported_patterns import EXAMPLES


def _model(model_type="llama", num_layers=2, num_heads=2) -> ServedModel:
    return ServedModel(where="--model", model_type=model_type, num_layers=num_layers, num_heads=num_heads)


@pytest.mark.parametrize("name", FORMATS)
def test_a_model_of_the_patterns_size_fits_every_format(name):
    """A Llama, of which llama.cpp alone ignores windows."""
    _model("gemma3_text" if name == "gguf" else "llama").check(EXAMPLES[name], FORMATS[name])


DROPPED = [("mlx-lm", "qwen3"), ("mlx-lm", "smollm3"), ("sglang", "qwen3"), ("gguf", "llama"), ("gguf", "qwen3")]


@pytest.mark.parametrize(("name", "model_type"), DROPPED)
def test_a_model_whose_windows_are_dropped_in_silence_is_refused(name, model_type):
    message = rf"^--model: must be a model whose windows {name} reads; it drops .*, got '{model_type}'\. Choose"
    with pytest.raises(InputError, match=message):
        _model(model_type).check(EXAMPLES[name], FORMATS[name])


@pytest.mark.parametrize("sizes", [{"num_layers": 3}, {"num_heads": 4}])
def test_a_model_of_another_size_is_refused(sizes):
    message = r"^--model: must have the pattern's 2 layers of 2 heads, got '\d layers of \d heads'"
    with pytest.raises(InputError, match=message):
        _model(**sizes).check(EXAMPLES["vllm"], FORMATS["vllm"])
