"""A file is decoded once while it stays the same, and again when it does not."""

import os
from pathlib import Path

import msgspec
import pytest

from nas.errors import StudyError
from nas.results.decision import Decision
from nas.results.decoded_files import DecodedFiles

ONE, OTHER = (Decision(past=past, trials=()) for past in ("aa", "bb"))


def put(path: Path, value: Decision) -> None:
    path.write_bytes(msgspec.json.encode(value))


def test_a_file_that_stays_the_same_is_decoded_once(tmp_path: Path) -> None:
    files, path = DecodedFiles(), tmp_path / "one.json"
    assert files.read(path, Decision) is None
    put(path, ONE)
    first = files.read(path, Decision)
    assert first == ONE and files.read(path, Decision) is first


def test_what_was_written_need_not_be_decoded(tmp_path: Path) -> None:
    files, path = DecodedFiles(), tmp_path / "one.json"
    put(path, ONE)
    files.wrote(path, ONE)
    assert files.read(path, Decision) is ONE


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    """Edited in its place, to the same length; and replaced by another one of the same time."""
    files, path, new = DecodedFiles(), tmp_path / "one.json", tmp_path / "new.json"
    put(path, ONE)
    assert files.read(path, Decision) == ONE
    put(path, OTHER)
    os.utime(path, ns=(0, 1))
    assert files.read(path, Decision) == OTHER
    put(new, ONE)
    os.utime(new, ns=(0, 1))
    new.replace(path)
    assert files.read(path, Decision) == ONE
    path.unlink()
    assert files.read(path, Decision) is None


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text("{")
    with pytest.raises(StudyError, match=r"one\.json: must hold what nas search wrote there, but is damaged"):
        DecodedFiles().read(path, Decision)
