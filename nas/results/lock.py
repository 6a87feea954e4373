"""The lock of a study folder: one driver at a time, on this machine and on all that share the folder.

On one machine `flock` decides, at once and however a driver ends. On a shared file system it may know nothing of other
machines, or be missing; there the lease decides (`lease.py`). A driver needs both.
"""

import errno
import fcntl
import logging
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nas.errors import StudyError
from nas.files import make_folder
from nas.results import lease
from nas.results.generations import Generation, Sight, changed, look
from nas.results.lease import Lease

_LOG = logging.getLogger(__name__)

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
"""A link is not followed, and a pipe does not wait for its other end: the folder may come from a stranger."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""How file systems say that they have no `flock`."""

_PATIENCE_SECONDS = 0.5
"""How long a driver tries: `is_driven` holds the lock for an instant."""


def _boot() -> str:
    """A name of this machine until it is started again; of this process where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return os.urandom(16).hex()


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a driver runs.

    Args:
        name: for people.
        boot: the same for all processes of a machine until it is started again, and for no others.
        flock: locks a descriptor; tests of two machines take it away.
    """

    name: str = field(default_factory=socket.gethostname)
    boot: str = field(default_factory=_boot)
    flock: Callable[[int, int], None] = lambda descriptor, how: fcntl.flock(descriptor, how)


def is_driven(folder: Path) -> bool:
    """Whether a driver is at work on a study; False where that cannot be known.

    A driver of another machine is at work if it counted on within the last minute, by the time of day of both machines:
    good enough to be shown, and nothing else is decided by it.
    """
    try:
        descriptor = os.open(folder / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        place = _place(Machine(), descriptor)
    except BlockingIOError:
        return True
    except OSError:
        place = ""
    finally:
        os.close(descriptor)
    try:
        sight = look(folder / lease.FOLDER)
        if _is_free(sight, place):
            return False
        return abs(time.time() - changed(folder / lease.FOLDER, sight)) < lease.WATCHED
    except OSError:
        return False


@contextmanager
def locked(folder: Path, machine: Machine | None = None) -> Iterator[Lease]:
    """Lock a study folder against other drivers, wherever they run.

    Args:
        folder: the study folder; made if missing.
        machine: where this driver runs; None for here.

    Yields:
        the lease, to be checked before every write of consequence. If it is lost, the main thread is interrupted as by
        Ctrl-C, and this context raises the error that says why.

    Raises:
        StudyError: another driver is at work, the folder cannot be made or locked, its `lock` is not a file of its own,
            whose target a driver would overwrite, or the lease was lost.
    """
    machine = machine or Machine()
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
        place = _place(machine, descriptor) if _lock(descriptor, folder, machine) else ""
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} on {machine.name}".encode(), 0)
        with _kept(_leased(folder, place, machine)) as held:
            yield held
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, machine: Machine) -> bool:
    """Whether the file system has locks; the file is locked then."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            machine.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                owner = os.pread(descriptor, 300, 0).decode(errors="replace").strip() or "unknown"
                raise _busy(folder, f"process {owner}") from None
            time.sleep(_PATIENCE_SECONDS / 20)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return False
            remedy = "Choose a runs_folder on another disk."
            raise StudyError(f"study: {folder} cannot be locked ({error.strerror}). {remedy}") from None


def _leased(folder: Path, place: str, machine: Machine) -> Lease:
    """The lease, once it is free: waits until its last holder can be taken for dead."""
    leases = folder / lease.FOLDER
    content = Generation(holder=f"process {os.getpid()} on {machine.name}"[:200], place=place)
    try:
        leases.mkdir(exist_ok=True)
        if not stat.S_ISDIR(leases.lstat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder of its own")
        while True:
            seen = look(leases)
            if not _is_free(seen, place):
                _watch(folder, seen)
            if taken := lease.take(leases, seen, content):
                return taken
    except OSError as error:
        remedy = "Remove it, or choose a runs_folder on another disk."
        raise StudyError(f"study: {leases} must be a folder that can be written ({error.strerror}). {remedy}") from None


def _watch(folder: Path, seen: Sight) -> None:
    """Wait until the holder has not counted on for WATCHED seconds.

    Raises:
        StudyError: it has, or another driver took over.
    """
    holder = seen.content.holder if seen.content else "an unknown process"
    began = lease.seconds_passed()
    _LOG.warning(
        "%s was last driven by %s, which did not give it back; watching for %g seconds whether it is alive.",
        folder,
        holder,
        lease.WATCHED,
    )
    passed = 0.0
    while passed <= lease.WATCHED:
        time.sleep(lease.BEAT / 5)
        passed = lease.seconds_passed() - began  # before looking, as this machine may sleep in between
        now = look(folder / lease.FOLDER)
        if now.content and now.content.is_over:
            return
        if now != seen:
            raise _busy(folder, now.content.holder if now.content else holder)


@contextmanager
def _kept(held: Lease) -> Iterator[Lease]:
    """Count on in a thread until the block ends, and give the lease back."""
    ended, caller = threading.Event(), threading.current_thread()

    def keep() -> None:
        while not ended.wait(lease.BEAT):
            held.beat()
            if held.is_lost:
                if caller is threading.main_thread() and not ended.is_set():
                    signal.pthread_kill(caller.ident or 0, signal.SIGINT)
                return

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield held
    except KeyboardInterrupt:
        held.check()  # which says so if it was for the lease
        raise
    finally:
        ended.set()
        thread.join(lease.BEAT)
        held.give_back()


def _is_free(seen: Sight, place: str) -> bool:
    """Whether no holder can be alive: there was none, it gave the lease back, or its lock is ours by now."""
    if seen.content is None:
        return seen.number == 0
    return seen.content.is_over or (place != "" and seen.content.place == place)


def _place(machine: Machine, descriptor: int) -> str:
    """Where one `flock` excludes another: the same machine, by the same mount."""
    return f"{machine.boot} {os.fstat(descriptor).st_dev}"


def _busy(folder: Path, holder: str) -> StudyError:
    return StudyError(f"study: {folder} is being driven by {holder}. Wait for it, or choose another study=NAME.")


def _foreign(path: Path) -> StudyError:
    return StudyError(f"study: {path} must be a file of its own, not a link or a pipe. Remove it, and start again.")
