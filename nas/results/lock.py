"""The lock of a study folder: one driver at a time."""

import errno
import fcntl
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nas.errors import StudyError
from nas.files import make_folder

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
"""A link is not followed, and a pipe does not wait for its other end: the folder may come from a stranger."""

_PATIENCE_SECONDS = 0.5
"""How long a driver tries: `is_driven` holds the lock for an instant."""


def is_driven(folder: Path) -> bool:
    """Whether a driver is at work on a study; False where the file system has no locks, or `lock` is not a file."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a study folder against other drivers; the system releases the lock however this process ends.

    Args:
        folder: the study folder; made if missing.

    Raises:
        StudyError: another driver is at work, the folder cannot be made or locked, or its `lock` is not a file of its
            own, whose target a driver would overwrite.
    """
    path = folder / "lock"
    try:
        make_folder(folder)
        descriptor = os.open(path, _FLAGS, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _foreign(path) from None
        allowed = "must be a folder that can be written"
        raise StudyError(f"study: {allowed}, got {folder} ({error.strerror}).") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise _foreign(path)
        _lock(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    try:
        while not _is_free(descriptor):
            if time.monotonic() > deadline:
                raise BlockingIOError
            time.sleep(_PATIENCE_SECONDS / 20)
    except BlockingIOError:
        owner = os.pread(descriptor, 300, 0).decode(errors="replace").strip() or "unknown"
        raise StudyError(
            f"study: {folder} is being driven by process {owner}. Wait for it, or choose another study=NAME."
        ) from None
    except OSError as error:
        remedy = "Choose a runs_folder on another disk."
        raise StudyError(f"study: {folder} cannot be locked ({error.strerror}). {remedy}") from None


def _is_free(descriptor: int) -> bool:
    """Lock the file, unless another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _foreign(path: Path) -> StudyError:
    return StudyError(f"study: {path} must be a file of its own, not a link or a pipe. Remove it, and start again.")
