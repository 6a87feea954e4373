"""The file of a study's decisions: JSON Lines, to which every decision is appended as it is made.

It is not flushed to disk with every line, and what a crash cut short is dropped: a decision that is lost is made again.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from nas.errors import StudyError
from nas.files import damage_named, make_folder, read_bytes, write_text
from nas.results.codec import from_json
from nas.results.decision import Decision


class DecisionFile:
    """Reads and writes decisions.jsonl.

    Args:
        path: of the file; need not exist yet.
        check: called before anything is written; raises if the study is no longer this driver's.
    """

    def __init__(self, path: Path, check: Callable[[], None]) -> None:
        self._path, self._check = path, check

    def read(self) -> list[Decision]:
        """Every decision, in the order in which they were made; removes what is left of a line that was cut short.

        Raises:
            StudyError: a line is not what nas wrote, or the system refuses.
        """
        content = read_bytes(self._path) or b""
        whole = content[: content.rfind(b"\n") + 1]
        with damage_named(self._path):
            found = [from_json(line, Decision) for line in whole.splitlines()]
            if whole != content:
                self._check()
                os.truncate(self._path, len(whole))
        return found

    def add(self, decision: Decision) -> None:
        """Append a decision.

        Raises:
            StudyError: the disk is full, or the system refuses.
        """
        self._check()
        try:
            make_folder(self._path.parent)
            with self._path.open("ab") as file:
                file.write(_line(decision))
        except OSError as error:
            remedy = "What was written before is kept; fix that, and run the same command to resume."
            raise StudyError(f"{self._path}: cannot be written ({error.strerror}). {remedy}") from None

    def replace(self, decisions: Sequence[Decision]) -> None:
        """Keep these decisions, and no others.

        Raises:
            StudyError: the disk is full, or the system refuses.
        """
        self._check()
        write_text(self._path, b"".join(map(_line, decisions)).decode())


def _line(decision: Decision) -> bytes:
    return msgspec.json.encode(decision) + b"\n"
