"""Files that are read again and again, each decoded once while it stays the same."""

import os
from pathlib import Path
from typing import Any, TypeVar

from nas.files import damage_named, read_bytes
from nas.results.codec import from_json

T = TypeVar("T")

_Signature = tuple[int, int, int]
"""Of a file that is replaced as a whole: its inode, its time of change in nanoseconds, and its length in bytes."""


class DecodedFiles:
    """The values of JSON files, as long as these are what they were when they were read or written."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Signature, Any]] = {}

    def read(self, path: Path, kind: type[T]) -> T | None:
        """The value in a file, or None if there is no such file.

        Raises:
            StudyError: the file cannot be read, or does not hold a `kind`.
        """
        signature = _signature(path)
        known = self._known.get(path)
        if known is not None and known[0] == signature:
            assert isinstance(known[1], kind)
            return known[1]
        content = read_bytes(path)
        if content is None:
            return None
        with damage_named(path):
            value = from_json(content, kind)
        if signature is not None:  # taken before it was read: a file that changed meanwhile is read again
            self._known[path] = (signature, value)
        return value

    def wrote(self, path: Path, value: object) -> None:
        """Remember what was just written."""
        signature = _signature(path)
        if signature is not None:
            self._known[path] = (signature, value)


def _signature(path: Path) -> _Signature | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
