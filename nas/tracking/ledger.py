"""The ledger of recorded runs, so that a resumed study does not record them again."""

import errno
import hashlib
import json
import os
import stat
from dataclasses import asdict
from pathlib import Path
from typing import IO

from nas.errors import InputError, StudyError
from nas.files import MOST_BYTES, write_json
from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings

PLACE_FILE = "place.json"


class Ledger:
    """A line `id digest` per recorded run, in the `wandb` folder of the study; the last line of an id counts.

    Beside it a note says where the runs went, for what is added to them later.

    If the file cannot be read, or a crash truncated a line, runs are merely recorded again. A link or a pipe in its
    place is neither read nor written: the study may come from a stranger.

    Args:
        folder: the study folder; the file is created with the first entry.
        settings: where runs go; a run recorded elsewhere is unknown here.
        fresh: start empty, so that every run is recorded again.
    """

    def __init__(self, folder: Path, settings: TrackingSettings, *, fresh: bool = False) -> None:
        self._path, self._settings = folder / "wandb" / "recorded.txt", settings
        self._is_placed = recorded_place(folder) == settings
        lines = [] if fresh else _lines(self._path)
        self._digests = {words[0]: words[1] for line in lines if len(words := line.split()) == 2}

    def holds(self, run: Run) -> bool:
        """Whether the run was recorded there with exactly this content."""
        return self._digests.get(run.id) == self._digest(run)

    def add(self, run: Run) -> None:
        """Note that the run is recorded.

        Raises:
            StudyError: the disk is full, the system refuses, or the file is not one of its own.
        """
        digest = self._digest(run)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with _opened(self._path, "a") as file:
                file.write(f"\n{run.id} {digest}\n")  # the first newline ends a truncated line
        except OSError as error:
            raise StudyError(f"{self._path}: cannot be written ({error.strerror})") from None
        self._digests[run.id] = digest
        if not self._is_placed:
            write_json(self._path.with_name(PLACE_FILE), asdict(self._settings))
            self._is_placed = True

    def _digest(self, run: Run) -> str:
        content = json.dumps([asdict(self._settings), run.to_dict()], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def recorded_place(folder: Path) -> TrackingSettings | None:
    """Where the runs of a study were recorded last; None if they were not, or the note is damaged.

    Args:
        folder: the study folder. It may come from a stranger, so do not send anything there unasked.
    """
    try:
        fields = json.loads("".join(_lines(folder / "wandb" / PLACE_FILE)))
        is_text = all(isinstance(value, str | None) for value in fields.values())
        return TrackingSettings(**fields) if is_text else None
    except (ValueError, TypeError, AttributeError, RecursionError, InputError):
        return None


def _lines(path: Path) -> list[str]:
    try:
        with _opened(path, "r") as file:
            return file.read().splitlines()
    except OSError:
        return []


def _opened(path: Path, mode: str) -> IO[str]:
    """A file of its own.

    Raises:
        OSError: it is something else or too long, or the system refuses.
    """
    file = open(path, mode, encoding="utf-8", errors="replace", opener=_without_following)  # noqa: SIM115 - returned
    found = os.fstat(file.fileno())
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_size <= MOST_BYTES:
        return file
    file.close()
    if found.st_size > MOST_BYTES:
        raise OSError(errno.EFBIG, f"longer than {MOST_BYTES:,} bytes; remove it")
    raise OSError(errno.EMLINK, "not a file of its own, but a link or a pipe; remove it")


def _without_following(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
