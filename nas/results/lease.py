"""The lease of a study folder: one driver at a time where `flock` does not reach, as on a shared file system.

    runs/<study>/lease/00000007   the newest generation: who holds it, and a count that rises while the holder lives

Whoever creates the next generation, exclusively, holds the study. That is allowed once the newest one was given back,
or has not changed for WATCHED seconds by the watcher's own clock. The holder counts on every BEAT seconds. Once VALID
seconds, fewer than WATCHED, have passed since it began the last count that it knows to be written, it writes nothing
more, unless it can create the next generation itself: then no other one has held the study since. No clock is compared
with another one: each machine measures its own periods, and the time of day does not matter. A generation is removed
only once there is a newer one, so the highest number is always the holder's.

Source: Gray and Cheriton 1989 (Leases), for the periods; exclusive creation is atomic on NFS since version 3.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from msgspec.structs import replace

from nas.errors import StudyError
from nas.results.generations import LAST, Generation, Sight, create, newest, rewrite

BEAT, VALID, WATCHED = 5.0, 30.0, 60.0
"""Seconds between two counts, until a holder writes no more that could not count, and until a watcher takes over."""

FOLDER = "lease"


def seconds_passed() -> float:
    """A clock for periods, in seconds, that goes on while the machine sleeps, where the system has one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


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
        self._writing = Lock()

    @property
    def is_valid(self) -> bool:
        """Whether no other driver can have taken over; False if that is not known."""
        return not self._is_lost and self._clock() - self._counted <= VALID

    @property
    def is_lost(self) -> bool:
        """Whether another driver took over, or this one gave the lease back."""
        return self._is_lost

    def check(self) -> None:
        """Refuse to go on without the lease; waits for nothing, unless it ran out and must be taken anew.

        Raises:
            StudyError: another driver took over, or may have, as the file system does not answer.
        """
        if self.is_valid:
            return
        with self._writing:
            if not self.is_valid:
                self._take_anew()
        if not self.is_valid:
            why = f"was stopped or cut off from its file system for {VALID:g} seconds, and another one may have it now"
            raise StudyError(
                f"study: {self._folder.parent} could not be kept by this driver, which {why}. Nothing is lost: run the "
                "same nas search to resume it."
            )

    def beat(self) -> None:
        """Count on, and find out whether the lease is still held; a failure of the file system is not the end yet."""
        with self._writing:
            if self.is_valid:
                self._count()
            else:
                self._take_anew()

    def _count(self) -> None:
        began = self._clock()
        try:
            self._write(replace(self._content, count=self._content.count + 1))
            highest = newest(self._folder)
        except FileNotFoundError:  # a newer one came, and this was removed
            self._is_lost = True
            return
        except OSError:
            return
        if highest > self._number:
            self._is_lost = True
        elif self.is_valid:  # a count that took too long does not revive it
            self._counted = began

    def _take_anew(self) -> None:
        """Create the next generation, which only one driver can: after a sleep, or on a machine that was too busy."""
        if self._is_lost:
            return
        began = self._clock()
        try:
            if create(self._folder, self._number + 1, self._content):
                self._number, self._counted = self._number + 1, began
            else:
                self._is_lost = True
        except FileNotFoundError:
            self._is_lost = True
        except OSError:
            return

    def give_back(self) -> None:
        """Let the next driver begin at once; nothing may be written afterwards."""
        if self.is_valid:
            with suppress(OSError):  # else the next one watches for a while
                self._write(replace(self._content, is_over=True))
        self._is_lost = True

    def _write(self, content: Generation) -> None:
        rewrite(self._folder, self._number, content)
        self._content = content


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
    if number > LAST:
        raise StudyError(f"study: {folder} must not hold the number {LAST}, after which there is none. Remove it.")
    return Lease(folder, number, content, since, clock) if create(folder, number, content) else None
