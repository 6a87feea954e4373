"""Tensors and numbers in a file: written whole or not at all, read without running code."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch

from nas.errors import InputError
from nas.files import replacing


def write_tensors(document: dict[str, Any], path: Path) -> None:
    """Write a document whole or not at all, whenever the process or the machine stops.

    Args:
        document: tensors, numbers, texts, and lists and mappings of them; `schema` says which kind it is.
        path: its place; the folder is made where it lacks.

    Raises:
        InputError: the disk is full, or the system refuses.
    """
    try:
        with replacing(path) as file:
            torch.save(document, file)
    except OSError as error:
        raise InputError(str(path), "must be a place with room to write", error.strerror or str(error)) from None
    except RuntimeError as error:  # torch's own, whose cause is what the file said
        cause = error.__cause__ or error.__context__
        came = getattr(cause, "strerror", None) or str(error).splitlines()[0]
        raise InputError(str(path), "must be a place with room to write", came) from None


def read_tensors(path: Path, schema: str) -> dict[str, Any]:
    """A document that `write_tensors` wrote.

    Raises:
        InputError: the file is missing, damaged, or something else.
    """
    try:
        _check_stored(path)
        document = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged bytes make torch raise almost anything
        first_line = str(error).split("\n", maxsplit=1)[0]
        raise InputError(str(path), f"must be a checkpoint of schema {schema}", first_line) from None
    if not isinstance(document, dict) or document.get("schema") != schema:
        raise InputError(str(path), f"must be a checkpoint of schema {schema}", type(document).__name__)
    return document


def _check_stored(path: Path) -> None:
    """Refuse a file that unpacks to more than it is: torch compresses nothing, but reads what others compressed.

    Raises:
        ValueError: it does.
        BadZipFile: it is not what torch writes.
    """
    with ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > path.stat().st_size:
        raise ValueError(f"it unpacks to {size:,} bytes")
