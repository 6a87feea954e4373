"""Writing a table: lines are added, and kept for good."""

import fcntl
import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from io import BufferedRandom
from pathlib import Path
from typing import Any, Self

from nas.errors import InputError, StudyError
from nas.files import make_folder, replacing, sync_folder
from nas.redact import redact
from nas.results.codec import to_document
from nas.results.study import settings_differences
from nas.results.table import SCHEMA, Session, SessionLine, TableHeader, TableRow

MOST_DIFFERENCES = 3
"""Differences between two tables that are told."""


class TableWriter:
    """Continues a table's file, or starts it; holds it until closed, so that nobody else writes.

    A file is only touched if it is the table that is asked for, or empty. What a crash left of its last line is cut
    off. A table grows by seeds: with more than it was started with, its first line is written anew and the rows stay.

    Args:
        path: the file.
        header: what its first line must be.
        session: what the rows that are added were made with.

    Raises:
        InputError: the file is no table.
        StudyError: it holds another table, is being written by another process, or cannot be written.
    """

    def __init__(self, path: Path, header: TableHeader, session: Session) -> None:
        self._path, self._session = path, session
        self._in_session = False
        wanted = json.loads(_line(to_document(header)))
        with self._failure_named():
            make_folder(path.parent)
            self._file = _open_locked(path)
        try:
            with self._failure_named():
                self._adopt(wanted)
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def add(self, row: TableRow) -> None:
        """Keep a row.

        Raises:
            StudyError: the disk is full, or the system refuses.
        """
        with self._failure_named():
            if not self._in_session:
                self._append(to_document(SessionLine(session=self._session)))
                self._in_session = True
            self._append(to_document(row))

    def _close(self) -> None:
        with suppress(OSError):  # it tries once more to write what a full disk refused, which was named then
            self._file.close()

    def _adopt(self, wanted: dict[str, Any]) -> None:
        """Make the file one that begins with the header and ends with a whole line."""
        content = self._file.read()
        size = content.rfind(b"\n") + 1
        if not size and not _line(wanted).startswith(content):
            raise _no_table(self._path, content)
        if size < len(content):
            self._file.truncate(size)
            self._file.seek(0, os.SEEK_END)
        if not size:
            self._append(wanted)
            sync_folder(self._path.parent)
            return
        first = content[: content.index(b"\n")]
        grown = _grown(_read_header(self._path, first), wanted, self._path)
        if grown is not None:
            self._replace(_line(grown) + content[len(first) + 1 : size])

    def _replace(self, content: bytes) -> None:
        """Another content in one step: after a crash the file has the old one or the new."""
        with replacing(self._path) as file:
            file.write(content)
        self._file.close()
        self._file = _open_locked(self._path)
        self._file.seek(0, os.SEEK_END)

    def _append(self, document: Mapping[str, Any]) -> None:
        self._file.write(_line(document))
        self._file.flush()
        os.fsync(self._file.fileno())

    @contextmanager
    def _failure_named(self) -> Iterator[None]:
        try:
            yield
        except BlockingIOError:
            raise StudyError(f"{self._path}: is being built by another process. Wait for it, or stop it.") from None
        except OSError as error:
            remedy = "Rows that were written are kept; fix that, and run the same command to resume."
            raise StudyError(f"{self._path}: cannot be written ({error.strerror}). {remedy}") from None


def _open_locked(path: Path) -> BufferedRandom:
    """A file at its start, created if missing, whose writes go to its end; the lock ends with this process.

    Another process may have replaced the file between opening and locking it. Then what is locked is no longer the
    file of that name, and rows written to it would be lost, so it is opened again.
    """
    while True:
        file = path.open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                file.seek(0)
                return file
        except FileNotFoundError:
            pass  # moved away by a person; a new one is made
        except OSError:
            file.close()
            raise
        file.close()


def _read_header(path: Path, line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        header = None
    if not isinstance(header, dict) or header.get("schema") != SCHEMA:
        raise _no_table(path, line)
    return header


def _no_table(path: Path, content: bytes) -> InputError:
    shown = content[:40].decode(errors="replace")
    return InputError(str(path), f"must be a table of schema {SCHEMA}, or not be there yet", shown)


def _grown(before: dict[str, Any], wanted: dict[str, Any], path: Path) -> dict[str, Any] | None:
    """The first line that a file must get to be the wanted table; None if it has it.

    Raises:
        StudyError: it is another table.
    """
    comparable = dict(before) | {"settings": redact(before.get("settings"))}
    seeds = before.get("seeds")
    if isinstance(seeds, list) and wanted["seeds"][: len(seeds)] == seeds:
        comparable["seeds"] = wanted["seeds"]
    # Other patterns follow from other settings, so those are told first.
    told = sorted(settings_differences(comparable, wanted), key=lambda text: not text.startswith("settings."))
    changed = [_shortened(text) for text in told]
    if changed:
        more = f"; and {len(changed) - MOST_DIFFERENCES} more" if len(changed) > MOST_DIFFERENCES else ""
        raise StudyError(
            f"{path}: holds a table of other settings ({'; '.join(changed[:MOST_DIFFERENCES])}{more}). "
            "Use those, or another file."
        )
    return None if seeds == wanted["seeds"] else wanted


def _shortened(text: str, longest: int = 100) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _line(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, sort_keys=True, allow_nan=False) + "\n").encode()


def this_session(device: str, workers: int) -> Session:
    """What rows that are trained now are made with.

    Args:
        device: cpu, or the name of the GPU.
        workers: workers that train side by side.
    """
    return Session(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=platform.machine(),
        processor=_processor(),
        device=device,
        workers=workers,
        python=platform.python_version(),
        nas=version("nas-attention"),
        torch=version("torch"),
        lightning=version("lightning"),
    )


def _processor() -> str:
    """What Linux calls the processor; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
