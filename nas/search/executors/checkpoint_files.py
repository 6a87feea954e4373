"""Checkpoints that travel with a job, for a worker that does not see the folders of its trials.

A file is written whole under a name that says its step and its run, and never changed; so files of different attempts
at a job can meet in a folder, and the evaluator goes on from the newest step that all members have.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nas.errors import StudyError
from nas.files import replacing

Files = Mapping[str, bytes]
"""Contents by name."""

_NAME = re.compile(r"checkpoint-\d{9}-[0-9a-f]{16}\.pt")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the files of one member since the last look.

    Args:
        member: its place in the job.
        added: new files.
        removed: names of files that are not needed any more.
    """

    member: int
    added: Files
    removed: tuple[str, ...]


def read_files(folder: Path) -> Files:
    """The checkpoints in a folder, which need not exist."""
    return {name: content for name in names(folder) if (content := _content(folder / name)) is not None}


def names(folder: Path) -> list[str]:
    """The names of the checkpoints in a folder."""
    return sorted(path.name for path in folder.glob("checkpoint-*.pt") if _NAME.fullmatch(path.name))


def write_files(folder: Path, files: Files) -> None:
    """Keep checkpoints in a folder.

    Raises:
        StudyError: a name is none of a checkpoint, or the disk is full.
    """
    for name, content in files.items():
        if not _NAME.fullmatch(name):
            raise StudyError(f"{folder}: only checkpoints may be sent, got {name!r}.")
        try:
            with replacing(folder / name) as file:
                file.write(content)
        except OSError as error:
            raise StudyError(f"{folder / name}: cannot be written ({error.strerror}).") from None


def apply(changes: Sequence[Change], folders: Sequence[Path]) -> None:
    """Bring folders up to date: what is new first, so that there is always a step that all members have.

    Raises:
        StudyError: a name is none of a checkpoint, or the disk is full.
    """
    for change in changes:
        write_files(folders[change.member], change.added)
    for change in changes:
        for name in filter(_NAME.fullmatch, change.removed):
            (folders[change.member] / name).unlink(missing_ok=True)


class Watched:
    """Folders of checkpoints whose changes are asked for from time to time.

    Args:
        folders: one per member.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._known = [set(names(folder)) for folder in folders]

    def changes(self) -> list[Change]:
        """What has changed since this was last called, by member."""
        found = []
        for member, folder in enumerate(self._folders):
            present, known = set(names(folder)), self._known[member]
            contents = {name: _content(folder / name) for name in sorted(present - known)}
            added = {name: content for name, content in contents.items() if content is not None}
            removed = tuple(sorted(known - present))
            self._known[member] = known & present | added.keys()
            if added or removed:
                found.append(Change(member, added, removed))
        return found


def _content(path: Path) -> bytes | None:
    """None if the evaluator has just removed it, for a later step."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
