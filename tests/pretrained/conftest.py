"""Decoders with random weights: enough for everything but recall."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nas.pretrained.checkpoint_tasks import CheckpointTextTask
from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import NeedleTask
from nas.pretrained.tokenised_text import TokenisedText, tokenise
from nas.tasks.language.text import TextSettings
from tests.tiny_models import save_tiny_model, written_text

MakeSettings = Callable[..., TextSettings]


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(written_text(tmp_path_factory.mktemp("text")))


@pytest.fixture(scope="session")
def save_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A checkpoint of an architecture, by the name of its classes (`Llama`), with other sizes where given."""

    def save(kind: str, **changed: Any) -> Path:
        return save_tiny_model(tmp_path_factory.mktemp("models") / kind.lower(), kind, **changed)

    return save


@pytest.fixture(scope="session")
def llama(save_model: Callable[..., Path]) -> Path:
    return save_model("Llama")


@pytest.fixture(scope="module")
def decoder(llama: Path) -> Decoder:
    return Decoder.load(str(llama))


@pytest.fixture(scope="session")
def text_settings(text_file: str) -> MakeSettings:
    """Settings of the text task, with some changed."""
    given: dict[str, Any] = {"path": text_file, "num_tokens": 64, "validation_share": 0.2, "validation_sequences": 8}
    return lambda **changed: TextSettings(**(given | changed))


@pytest.fixture(scope="session")
def text(llama: Path, text_settings: MakeSettings) -> TokenisedText:
    return tokenise(llama, text_settings(), 256)


@pytest.fixture(scope="session")
def needle(text: TokenisedText, text_settings: MakeSettings) -> NeedleTask:
    task = CheckpointTextTask(text, text_settings())
    return NeedleTask(text, task, num_tokens=64, depths=(0.0, 0.5, 1.0), num_sequences=3)
