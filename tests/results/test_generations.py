"""The files of a lease: found by their number, made by one alone, read whole or not at all."""

import os
from pathlib import Path

import pytest

from nas.results.generations import Generation, create, look, newest, rewrite

A, B = (Generation(holder=name, place="here") for name in "ab")


def test_the_highest_number_is_the_newest(tmp_path: Path) -> None:
    assert (newest(tmp_path), look(tmp_path).number) == (0, 0)
    assert create(tmp_path, 7, A)
    (tmp_path / "99").touch()
    (tmp_path / "000000080").touch()
    seen = look(tmp_path)
    assert (newest(tmp_path), seen.number, seen.content) == (7, 7, A)


def test_one_alone_makes_a_number_and_the_older_ones_go(tmp_path: Path) -> None:
    assert create(tmp_path, 1, A) and not create(tmp_path, 1, B)
    assert look(tmp_path).content == A
    assert create(tmp_path, 2, B) and os.listdir(tmp_path) == ["00000002"]
    assert not create(tmp_path, 1, A), "a higher one came meanwhile"
    assert os.listdir(tmp_path) == ["00000002"] and look(tmp_path).content == B


def test_what_is_written_anew_has_the_same_length_and_must_be_there(tmp_path: Path) -> None:
    create(tmp_path, 1, A)
    before = look(tmp_path)
    rewrite(tmp_path, 1, Generation(holder="a", place="here", count=10**9))
    after = look(tmp_path)
    assert after != before and len(after.raw) == len(before.raw) == (tmp_path / "00000001").stat().st_size
    with pytest.raises(FileNotFoundError):
        rewrite(tmp_path, 2, A)
    assert os.listdir(tmp_path) == ["00000001"]


@pytest.mark.parametrize("raw", [b"", b"garbage", b"\xff" * 5000, b'{"holder": "x"}'])
def test_what_cannot_be_read_is_watched_as_it_is(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "00000007").write_bytes(raw)
    (tmp_path / "notes").write_text("mine")
    seen = look(tmp_path)
    assert (seen.number, seen.content, seen.raw) == (7, None, raw[:1024])
    assert look(tmp_path) == seen
