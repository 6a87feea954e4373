"""The lock of a study folder: one driver at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nas.errors import StudyError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a study folder against other drivers; the system releases the lock however this process ends.

    Args:
        folder: the study folder; made if missing.

    Raises:
        StudyError: another driver is at work, or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        allowed = "must be a folder that can be written"
        raise StudyError(f"study: {allowed}, got {folder} ({error.strerror}).") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise StudyError(
                f"study: {folder} is being driven by process {owner}. Wait for it, or choose another study=NAME."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
