"""The lease of a study folder: one driver at a time where `flock` does not reach, as on a shared file system.

    runs/<study>/lease/00000007   the newest generation: who holds it, and a count that rises while the holder lives

Whoever creates the next generation, exclusively, holds the study. That is allowed once the newest one was given back,
or has not changed for WATCHED seconds by the watcher's own clock. The holder counts on every BEAT seconds. Once VALID
seconds, fewer than WATCHED, have passed since it began the last count that it knows to be written, it stops and never
writes again. No clock is compared with another one: each machine measures its own periods, and the time of day does not
matter. A generation is removed only once there is a newer one, so the highest number is always the holder's.

Source: Gray and Cheriton 1989 (Leases), for the periods; exclusive creation is atomic on NFS since version 3.
"""

import json
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from nas.errors import StudyError
from nas.files import sync_folder
from nas.results.codec import DamagedError, Value, from_json, to_document

BEAT, VALID, WATCHED = 5.0, 30.0, 60.0
"""Seconds between two counts, until a holder stops that could not count, and until a watcher takes over."""

FOLDER = "lease"

_NAME = re.compile(r"\d{8}")
_LAST = 10**8 - 1
_LENGTH = 1024
"""Bytes of a generation's file, always the same: it is written in place, so that a reader finds the old or the new."""


def seconds_passed() -> float:
    """A clock for periods, in seconds, that goes on while the machine sleeps, where the system has one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


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


class Lease:
    """A held lease; every method but `check` may wait for the file system.

    Args:
        folder: of the generations.
        number: of the generation.
        content: as first written.
        since: when its creation began, by the clock.
        clock: for periods, in seconds.
    """

    def __init__(
        self, folder: Path, number: int, content: Generation, since: float, clock: Callable[[], float]
    ) -> None:
        self._folder, self._number, self._content = folder, number, content
        self._counted, self._clock = since, clock
        self._is_lost = False

    @property
    def is_valid(self) -> bool:
        """Whether no other driver can have taken over; never again True once it was False."""
        self._is_lost |= self._clock() - self._counted > VALID
        return not self._is_lost

    def check(self) -> None:
        """Refuse to go on without the lease; waits for nothing.

        Raises:
            StudyError: another driver may have taken over.
        """
        if not self.is_valid:
            why = f"was stopped or cut off from its file system for {VALID:g} seconds, and another one may have it now"
            raise StudyError(
                f"study: {self._folder.parent} could not be kept by this driver, which {why}. Nothing is lost: run the "
                "same nas search to resume it."
            )

    def beat(self) -> None:
        """Count on, and find out whether the lease is still held; a failure of the file system is not the end yet."""
        began = self._clock()
        if not self.is_valid:
            return
        try:
            self._write(
                Generation(holder=self._content.holder, place=self._content.place, count=self._content.count + 1)
            )
            newest = _newest(self._folder)
        except FileNotFoundError:  # a newer one came, and this was removed
            self._is_lost = True
            return
        except OSError:
            return
        if newest > self._number:
            self._is_lost = True
        elif self.is_valid:  # a count that took too long does not revive it
            self._counted = began

    def give_back(self) -> None:
        """Let the next driver begin at once; nothing may be written afterwards."""
        if self.is_valid:
            with suppress(OSError):  # else the next one watches for a while
                self._write(replace(self._content, is_over=True))
        self._is_lost = True

    def _write(self, content: Generation) -> None:
        descriptor = os.open(_path(self._folder, self._number), os.O_WRONLY | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, _encoded(content), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._content = content


def look(folder: Path) -> Sight:
    """The newest generation.

    Raises:
        OSError: the system refuses.
    """
    number = _newest(folder)
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


def take(folder: Path, after: Sight, content: Generation, clock: Callable[[], float] = seconds_passed) -> Lease | None:
    """The next generation after one that has ended; None if another driver was faster.

    Args:
        folder: of the generations, which exists.
        after: the newest, given back or watched for long enough.
        content: who takes it.
        clock: for periods, in seconds.

    Raises:
        OSError: the system refuses.
        StudyError: the numbers are used up.
    """
    number, since = after.number + 1, clock()
    if number > _LAST:
        raise StudyError(f"study: {folder} must not hold the number {_LAST}, after which there is none. Remove it.")
    path = _path(folder, number)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    except FileExistsError:
        return None
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
        return None
    for one in older:
        if one < number:
            _path(folder, one).unlink(missing_ok=True)
    return Lease(folder, number, content, since, clock)


def _encoded(content: Generation) -> bytes:

    return json.dumps(to_document(content)).encode()[:_LENGTH].ljust(_LENGTH)


def _newest(folder: Path) -> int:
    return max(_numbers(folder), default=0)


def _numbers(folder: Path) -> list[int]:
    return [int(name) for name in os.listdir(folder) if _NAME.fullmatch(name)]


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}"
