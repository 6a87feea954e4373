"""Every moment at which a process can be cut short while it writes into a folder, or its disk can be full.

Python reports every file that it opens, renames or removes to audit hooks before it does so, whoever asks for it. What
lies in the folder then is what a killed process leaves behind: so one run gives every folder that a kill could leave.
"""

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OnWrite = Callable[[str], None]
"""Called before each write with what it is, such as `os.rename front.json`; may raise in its place."""

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_watched: list[tuple[str, OnWrite]] = []


@contextmanager
def watching(folder: Path, on_write: OnWrite) -> Iterator[None]:
    """Report every write into a folder while the block runs; only one is watched at a time."""
    if not _hooks:
        _install()
    assert not _watched
    _watched.append((os.fspath(folder), on_write))
    try:
        yield
    finally:
        _watched.clear()


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path in it, and folders as `path/`."""
    paths = sorted(folder.rglob("*")) if folder.exists() else []
    return {
        str(path.relative_to(folder)) + ("/" if path.is_dir() else ""): b"" if path.is_dir() else path.read_bytes()
        for path in paths
    }


def restore(content: dict[str, bytes], folder: Path) -> None:
    """Write what `content_of` read."""
    folder.mkdir(parents=True)
    for name, data in content.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def states_of(folder: Path, run: Callable[[], object]) -> list[dict[str, bytes]]:
    """The different contents of a folder that a kill at any moment of the run could leave."""
    found: list[dict[str, bytes]] = []

    def look(what: str) -> None:
        state = content_of(folder)
        if not found or found[-1] != state:
            found.append(state)

    with watching(folder, look):
        run()
    return found


def writes_of(folder: Path, run: Callable[[], object]) -> list[str]:
    """What a run writes, in its order, one of each kind: files that differ only in their numbers are of one kind."""
    found: list[str] = []
    with watching(folder, lambda what: found.append(kind_of(what))):
        run()
    return list(dict.fromkeys(found))


def read_only_from(kind: str) -> OnWrite:
    """Fails the first write of a kind and every later one, as a disk does that a fault has made read-only."""
    met: list[str] = []

    def fail(what: str) -> None:
        if kind_of(what) == kind or met:
            met.append(what)
            raise OSError(errno.EROFS, "Read-only file system", what.partition(" ")[2])

    return fail


def full_disk_at(kind: str) -> OnWrite:
    """Fails the first write of a kind, as a full disk does; those that clean up succeed."""
    met: list[str] = []

    def fail(what: str) -> None:
        if kind_of(what) == kind and not met:
            met.append(what)
            raise OSError(errno.ENOSPC, "No space left on device", what.partition(" ")[2])

    return fail


def kind_of(what: str) -> str:
    """A write without the numbers in its names."""
    return re.sub(r"\d+|[0-9a-f]{16}", "N", what)


_hooks: list[object] = []


def _install() -> None:
    """Once a process: an audit hook cannot be removed. File descriptors have no events, so `os.fsync` is wrapped."""
    sys.addaudithook(_audit)
    fsync = os.fsync

    def reported(fd: Any) -> None:
        _report("os.fsync", os.readlink(f"/proc/self/fd/{fd}"))
        fsync(fd)

    os.fsync = reported
    _hooks.append(_audit)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not _watched:
        return
    if event in _CHANGES:
        _report(event, args[1] if event == "os.rename" else args[0])
    elif event == "open" and isinstance(args[2], int) and args[2] & _WRITES:
        _report(event, args[0])


def _report(event: str, path: object) -> None:
    if not _watched or not isinstance(path, str | os.PathLike):
        return
    folder, on_write = _watched[0]
    name = os.path.abspath(path)
    if name == folder or name.startswith(os.path.join(folder, "")):
        saved, _watched[:] = list(_watched), []  # what the report itself opens is not reported
        try:
            on_write(f"{event} {os.path.relpath(name, folder)}")
        finally:
            _watched[:] = saved
