"""The generations of a lease: files with a number for a name, of which the newest says who holds a study.

Its content is written in place, and always of the same length, so that a reader finds the old or the new.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from nas.files import sync_folder
from nas.results.codec import DamagedError, Value, from_json, to_document

LAST = 10**8 - 1
"""The highest number."""

_NAME = re.compile(r"\d{8}")
_LENGTH = 1024
"""Bytes of a file."""


class Generation(Value, frozen=True, kw_only=True):
    """The content of a generation's file.

    Args:
        holder: the driver, for people.
        place: the machine and the mount, the same wherever `flock` excludes one driver by another; empty if unknown.
        count: rises while the holder lives.
        is_over: whether the holder has given it back.
    """

    holder: str
    place: str
    count: int = 0
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """The newest generation as a watcher saw it.

    Args:
        number: of the generation; 0 if there is none.
        content: of its file; None if it cannot be read.
        raw: the file's bytes.
    """

    number: int
    content: Generation | None
    raw: bytes


def look(folder: Path) -> Sight:
    """The newest generation.

    Raises:
        OSError: the system refuses.
    """
    number = newest(folder)
    if number == 0:
        return Sight(0, None, b"")
    try:
        descriptor = os.open(_path(folder, number), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:  # a newer one came meanwhile
        return look(folder)
    try:
        raw = os.pread(descriptor, _LENGTH, 0)
    finally:
        os.close(descriptor)
    try:
        return Sight(number, from_json(raw, Generation), raw)
    except DamagedError:  # being written, or a stranger's
        return Sight(number, None, raw)


def changed(folder: Path, sight: Sight) -> float:
    """When the newest generation was last written, in seconds since 1970, by the clock of whoever keeps the file.

    Raises:
        OSError: it is gone.
    """
    return os.lstat(_path(folder, sight.number)).st_mtime


def rewrite(folder: Path, number: int, content: Generation) -> None:
    """Write a generation's content anew.

    Raises:
        OSError: it is gone, or the system refuses.
    """
    descriptor = os.open(_path(folder, number), os.O_WRONLY | os.O_NOFOLLOW)
    try:
        os.pwrite(descriptor, _encoded(content), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create(folder: Path, number: int, content: Generation) -> bool:
    """Make a generation the newest one; whether no other driver was faster.

    Raises:
        OSError: the system refuses.
    """
    path = _path(folder, number)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    except FileExistsError:
        return False
    try:
        try:
            os.pwrite(descriptor, _encoded(content), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(folder)
        older = _numbers(folder)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    if max(older) > number:  # this driver slept, others came and went, and this number had been removed
        path.unlink(missing_ok=True)
        return False
    for one in older:
        if one < number:
            _path(folder, one).unlink(missing_ok=True)
    return True


def _encoded(content: Generation) -> bytes:
    return json.dumps(to_document(content)).encode()[:_LENGTH].ljust(_LENGTH)


def newest(folder: Path) -> int:
    """The highest number; 0 if there is none."""
    return max(_numbers(folder), default=0)


def _numbers(folder: Path) -> list[int]:
    return [int(name) for name in os.listdir(folder) if _NAME.fullmatch(name)]


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}"
