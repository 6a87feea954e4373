"""Reading and writing the files of a study: whole or not at all, and damage is named."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nas.errors import StudyError


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step: after a crash it holds the old text or the new, never a part.

    Raises:
        StudyError: the disk is full, or the system refuses.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        remedy = "What was written before is kept; mend that, and the same command goes on."
        raise StudyError(f"{path}: cannot be written ({error.strerror}). {remedy}") from None


def write_json(path: Path, document: Any) -> None:
    """Replace a JSON file in one step; the same document gives the same bytes."""
    write_text(path, json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any | None:
    """The document in a JSON file, or None if there is no such file.

    Raises:
        StudyError: the file cannot be read, or holds no JSON.
    """
    with damage_named(path):
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Say of which file it was that reading it, or making sense of what it holds, failed.

    Raises:
        StudyError: instead of what a file that we did not write as it is now makes readers raise.
    """
    try:
        yield
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        came = " ".join(f"{type(error).__name__}: {error}".split())
        remedy = "Restore it, or delete it and run the same nas search again, which makes it anew."
        raise StudyError(f"{path}: must hold what nas search wrote there, but is damaged ({came}). {remedy}") from None
