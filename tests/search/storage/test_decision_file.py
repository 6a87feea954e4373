"""The file of decisions: appended to, cut where a crash cut it, and refused where it was edited."""

import errno
from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.results.decision import Decision
from nas.search.storage.decision_file import DecisionFile

DECISIONS = [Decision(past=f"{number:032x}", trials=(number,), agreements=(None, 0.5)) for number in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study" / "decisions.jsonl"


def file_at(path: Path) -> DecisionFile:
    return DecisionFile(path, lambda: None)


def test_decisions_come_back_in_their_order(path: Path) -> None:
    assert file_at(path).read() == []
    for decision in DECISIONS:
        file_at(path).add(decision)
    assert file_at(path).read() == DECISIONS
    file_at(path).replace(DECISIONS[1:])
    assert file_at(path).read() == DECISIONS[1:]


@pytest.mark.parametrize("num_bytes", [1, 20, 60])
def test_a_line_that_was_cut_short_is_dropped_and_the_next_one_stands_alone(path: Path, num_bytes: int) -> None:
    for decision in DECISIONS:
        file_at(path).add(decision)
    path.write_bytes(path.read_bytes()[:-num_bytes])
    assert file_at(path).read() == DECISIONS[:2]
    file_at(path).add(DECISIONS[2])
    assert file_at(path).read() == DECISIONS


@pytest.mark.parametrize("line", [b"5", b"{}", b"\xff", b'{"past": "a", "trials": ["b"]}', b"[" * 100_000])
def test_an_edited_line_is_named_in_one_line(path: Path, line: bytes) -> None:
    file_at(path).add(DECISIONS[0])
    path.write_bytes(line + b"\n" + path.read_bytes())
    with pytest.raises(StudyError, match=r"decisions\.jsonl: must hold what nas search wrote there") as caught:
        file_at(path).read()
    assert "\n" not in str(caught.value) and "delete it and run the same nas search again" in str(caught.value)


def test_a_full_disk_is_one_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StudyError, match=r"cannot be written \(No space left on device\)"):
        file_at(path).add(DECISIONS[0])


def test_another_driver_keeps_it_from_writing(path: Path) -> None:
    def lost() -> None:
        raise StudyError("study: another driver took over")

    with pytest.raises(StudyError, match="took over"):
        DecisionFile(path, lost).add(DECISIONS[0])
    assert not path.exists()
