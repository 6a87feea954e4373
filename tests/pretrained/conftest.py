"""Decoders with random weights: enough for everything but recall."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_models import save_tiny_model, written_text


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
