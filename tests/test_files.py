"""Files are written whole or not at all, and what cannot be read is named."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.files import (
    MOST_BYTES,
    TooLongError,
    read_at_most,
    read_bytes,
    read_json,
    remove_unfinished,
    replacing,
    write_json,
    write_text,
)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert read_json(tmp_path / "a.json") == {"x": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("name", ["a.json", ".a.json.PID.tmp"])
def test_a_link_is_replaced_and_its_target_is_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / name.replace("PID", str(os.getpid()))).symlink_to(tmp_path / "mine")
    write_json(tmp_path / "a.json", {"x": 1})
    assert (tmp_path / "mine").read_text() == "mine" and read_json(tmp_path / "a.json") == {"x": 1}
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", "mine"}


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_older_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1")
    with pytest.raises(StudyError, match=r"a.json: cannot be written \(No space left on device\)\. .*to resume"):
        write_json(tmp_path / "a.json", {"x": 1})
    assert read_json(tmp_path / "a.json") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_file_and_the_folders_made_for_it_outlast_a_loss_of_power(tmp_path: Path, synced: list[str]) -> None:
    write_text(tmp_path / "new" / "deeper" / "a.txt", "x")
    assert synced == ["new", tmp_path.name, f".a.txt.{os.getpid()}.tmp", "deeper"]
    synced.clear()
    write_text(tmp_path / "new" / "deeper" / "a.txt", "y")
    assert synced == [f".a.txt.{os.getpid()}.tmp", "deeper"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match=r"cannot be written .*to resume"):
        write_text(tmp_path / "file" / "inside", "x")


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    with suppress(Killed), replacing(tmp_path / "a.json") as file:
        names = {path.name for path in tmp_path.iterdir()}
        file.write(b"{")
        raise Killed
    for name in (*names, ".kept.tmp", "a.1.tmp", "a.json"):
        (tmp_path / name).write_text("{")
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".kept.tmp", "a.1.tmp", "a.json"}


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_bytes(tmp_path / "a.json") is None
    assert read_json(tmp_path / "a.json") is None


@pytest.mark.parametrize("read", [read_bytes, read_json])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(StudyError, match=rf"^{tmp_path}: cannot be read \(Is a directory\)\.$"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_file_that_is_no_json_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(StudyError) as caught:
        read_json(tmp_path / "a.json")
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'a.json'}: must hold what nas search wrote there, but is damaged (")
    assert text.endswith("Restore it, or delete it and run the same nas search again, which makes it anew.")
    assert "\n" not in text


def test_a_file_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x.json").open("wb") as file:
        file.truncate(2**40)  # a sparse file: no bytes on the disk
    with pytest.raises(StudyError, match=r"x\.json: .*it is 1,099,511,627,776 bytes long, more than"):
        read_bytes(tmp_path / "x.json")


def test_a_file_is_read_up_to_a_length(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_at_most(path, 5) == b"12345"
    with pytest.raises(TooLongError, match="it is 5 bytes long, more than the 4 that nas reads"):
        read_at_most(path, 4)
    os.truncate(path, MOST_BYTES + 1)
    with pytest.raises(StudyError, match=r"damaged \(it is 67,108,865 bytes long, more than the 67,108,864 that"):
        read_bytes(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no file without an end")
def test_a_file_without_an_end_has_a_length(tmp_path: Path) -> None:
    """Its size is said to be 0."""
    (tmp_path / "a").symlink_to("/dev/zero")
    with pytest.raises(TooLongError, match="it is 1,001 bytes long"):
        read_at_most(tmp_path / "a", 1000)
