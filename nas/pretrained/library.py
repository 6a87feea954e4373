"""The libraries of the `transformers` extra, imported when they are first needed."""

from importlib import import_module
from typing import Any

from nas.errors import NasError


def library(name: str) -> Any:
    """A library that only pretrained models need; importing it takes seconds.

    Args:
        name: transformers, peft or huggingface_hub.

    Raises:
        NasError: it is not installed; the message says how to install it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise NasError(
            f"evaluation: needs {name}, which is not installed. Run pip install 'nas-attention[transformers]'."
        ) from None
