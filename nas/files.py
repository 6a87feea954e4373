"""Reading and writing files of our own: whole or not at all, and damage is named."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO

from nas.errors import StudyError

MOST_BYTES = 2**26
"""Longest file that is read into memory: twice a front of a thousand patterns with a hundred different layers."""

_UNFINISHED = re.compile(r"\..+\.\d+\.tmp")
"""Names of files that are being written: the file's, and the process's number."""


class TooLongError(ValueError):
    """A file that is longer than what is read of its kind.

    Args:
        size: its length, or how much of it was read, in bytes.
        most: that is allowed.
    """

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"it is {size:,} bytes long, more than the {most:,} that nas reads")
        self.size = size


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` in one step, once the block ends without an exception.

    After a crash or a loss of power `path` holds its old content or the new, never a part; after the block, the new. A
    link in its place is replaced, not followed. What is unfinished lies beside it under a name of this process, so that
    two processes may write the same file.

    Raises:
        OSError: the disk is full, or the system refuses; `path` is as it was.
    """
    make_folder(path.parent)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.unlink(missing_ok=True)  # of an earlier process with this number, or a planted link
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing, to outlast a loss of power.

    Raises:
        OSError: the system refuses.
    """
    missing = list(takewhile(lambda each: not each.exists(), (folder, *folder.parents)))
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder outlast a loss of power, where the file system can promise that."""
    with suppress(OSError):  # not every file system can; what was written is in its place all the same
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_unfinished(folder: Path) -> None:
    """Remove the files that killed processes were writing in a folder; no other process may be writing there.

    Raises:
        StudyError: the system refuses.
    """
    for path in folder.glob(".*.tmp"):
        if _UNFINISHED.fullmatch(path.name):
            with damage_named(path):
                path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step.

    Raises:
        StudyError: the disk is full, or the system refuses.
    """
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        remedy = "What was written before is kept; fix that, and run the same command to resume."
        raise StudyError(f"{path}: cannot be written ({error.strerror}). {remedy}") from None


def write_json(path: Path, document: Any) -> None:
    """Replace a JSON file in one step; the same document gives the same bytes."""
    write_text(path, json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_at_most(path: Path, most: int) -> bytes:
    """The content of a file, of which no more is read than allowed: some devices have no end, and size 0.

    Args:
        path: of the file.
        most: its greatest length, in bytes.

    Raises:
        OSError: the system refuses.
        TooLongError: it is longer.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = b"" if size > most else file.read(most + 1)
    if max(size, len(content)) > most:
        raise TooLongError(max(size, len(content)), most)
    return content


def read_bytes(path: Path) -> bytes | None:
    """The content of a file, or None if there is no such file.

    Raises:
        StudyError: the file cannot be read, or is too long.
    """
    with damage_named(path):
        try:
            return read_at_most(path, MOST_BYTES)
        except FileNotFoundError:
            return None


def read_json(path: Path) -> Any | None:
    """The document in a JSON file, or None if there is no such file.

    Raises:
        StudyError: the file cannot be read, or holds no JSON.
    """
    content = read_bytes(path)
    with damage_named(path):
        return None if content is None else json.loads(content)


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Name the file that could not be read or understood.

    Raises:
        StudyError: instead of what reading a file that nas did not write as it is now raises.
    """
    try:
        yield
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        is_ours = isinstance(error, TooLongError) or type(error).__name__ == "DamagedError"
        kind = "" if is_ours else f"{type(error).__name__}: "
        came = f"{kind}{error}"
        remedy = "Restore it, or delete it and run the same nas search again, which makes it anew."
        raise StudyError(f"{path}: must hold what nas search wrote there, but is damaged ({came}). {remedy}") from None
