import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nas.errors import InputError, NasError
from nas.pretrained import loading
from nas.pretrained.loading import library, load_model, load_tokenizer


def test_a_model_comes_frozen_and_in_evaluation_mode(llama: Path) -> None:
    model = load_model(llama)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_window_that_qwen_drops_is_told(save_model: Callable[..., Path]) -> None:
    """transformers loads such a model, and fails when it runs."""
    folder = save_model("Qwen3")
    document = json.loads((folder / "config.json").read_text())
    layers = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 16}
    (folder / "config.json").write_text(json.dumps(document | layers | {"use_sliding_window": False}))
    with pytest.raises(InputError, match=r"config.json: must have a sliding_window, and use_sliding_window") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)
    (folder / "config.json").write_text(json.dumps(document | layers | {"use_sliding_window": True}))
    assert load_model(folder).config.sliding_window == 16


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation", "_attn_implementation_internal"])
@pytest.mark.parametrize("kernel", ["owner/kernel", "kernels-community/flash-attn2@main:run", "flash_attention_2"])
def test_no_kernel_is_fetched_whatever_a_config_asks_for(
    key: str, kernel: str, llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its package `kernels` is installed, transformers would fetch it from the hub, and run it."""
    modeling = library("transformers").modeling_utils
    asked: list[object] = []
    monkeypatch.setattr(modeling, "is_kernels_available", lambda *_, **__: True)
    monkeypatch.setattr(modeling, "lazy_import_flash_attention", lambda *words, **_: asked.append(words))
    folder = Path(shutil.copytree(llama, tmp_path / "model"))
    document = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(document | {key: kernel}))
    assert load_model(folder).config._attn_implementation == "eager"
    assert asked == []


def test_a_missing_tokenizer_is_told(llama: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(llama, tmp_path / "model"))
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(InputError) as caught:
        load_tokenizer(folder)
    remedy = "Save it there with tokenizer.save_pretrained."
    assert str(caught.value) == f"checkpoint: must hold its tokenizer, got 'no tokenizer.json'. {remedy}"


def test_a_tokenizer_that_is_cut_off_is_told(llama: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(llama, tmp_path / "model"))
    (folder / "tokenizer.json").write_text((folder / "tokenizer.json").read_text()[:100])
    with pytest.raises(InputError, match=r"^checkpoint: must hold its tokenizer, got '\w+: .*'\. Save it") as caught:
        load_tokenizer(folder)
    assert "\n" not in str(caught.value)


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(loading, "import_module", missing)
    with pytest.raises(NasError, match=r"needs peft, .* Run pip install 'nas-attention\[transformers\]'\.$"):
        library("peft")
