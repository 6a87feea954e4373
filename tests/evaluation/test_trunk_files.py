"""The files of a trunk, with a trainee that only counts its steps."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from nas.evaluation import trunk_files
from nas.evaluation.trunk_files import TrunkFiles, trunk_settings
from nas.proxy.settings import TrainingSettings


@dataclass(frozen=True)
class Walker:
    """Some members that have come as far as `step`; they die behind `last`."""

    step: int
    last: int = 1000

    def any_alive(self) -> bool:
        return self.step < self.last


def write(walker: Walker, paths: Sequence[Path]) -> None:
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"step {walker.step}")


def read(paths: Sequence[Path], step: int) -> Walker | None:
    return Walker(step) if all(path.read_text() == f"step {step}" for path in paths) else None


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    return [tmp_path / str(index) for index in range(3)]


@pytest.fixture
def files(folders: list[Path]) -> TrunkFiles[Walker]:
    return TrunkFiles(folders, "run", write=write, read=read)


def steps_kept(folders: list[Path]) -> list[list[int]]:
    return [sorted(int(path.name.split("-")[1]) for path in folder.iterdir()) for folder in folders]


def found(files: TrunkFiles[Walker], until_step: int) -> int | None:
    walker = files.latest(until_step)
    return walker.step if walker else None


def test_the_newest_state_replaces_the_one_before(files: TrunkFiles[Walker], folders: list[Path]) -> None:
    assert found(files, 9) is None
    for step in (3, 6):
        files.save(Walker(step))
    assert found(files, 9) == 6
    assert steps_kept(folders) == [[6]] * 3


def test_a_state_beyond_the_step_that_is_asked_for_is_not_used(
    files: TrunkFiles[Walker], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        files.save(Walker(3))
        patch.setattr(Path, "unlink", interrupt)
        files.save(Walker(6))
    assert {step: found(files, step) for step in (2, 3, 5, 6, 7)} == {2: None, 3: 3, 5: 3, 6: 6, 7: 6}


def test_a_kill_between_two_files_falls_back_to_the_step_that_all_members_have(
    files: TrunkFiles[Walker], folders: list[Path]
) -> None:
    def dies_at_the_second(walker: Walker, paths: Sequence[Path]) -> None:
        write(walker, paths[:1])
        raise KeyboardInterrupt

    files.save(Walker(3))
    with pytest.raises(KeyboardInterrupt):
        TrunkFiles(folders, "run", write=dies_at_the_second, read=read).save(Walker(6))
    assert steps_kept(folders) == [[3, 6], [3], [3]]
    assert found(files, 9) == 3


def test_what_cannot_be_read_is_passed_over(files: TrunkFiles[Walker], folders: list[Path]) -> None:
    files.save(Walker(3))
    (file,) = folders[1].iterdir()
    for folder in folders:
        folder.joinpath(file.name.replace("000000003", "000000005")).write_text("torn")
        folder.joinpath(file.name.replace("000000003", "later")).write_text("no step")
    assert found(files, 9) == 3
    file.write_text("step 4")
    assert found(files, 9) is None


def test_another_trunk_has_files_of_its_own(files: TrunkFiles[Walker], folders: list[Path]) -> None:
    other = TrunkFiles(folders, "another run", write=write, read=read)
    files.save(Walker(3))
    assert found(other, 9) is None
    other.save(Walker(5))
    assert (found(files, 9), found(other, 9)) == (3, 5)


def test_what_another_process_writes_on_the_same_trunk_is_left_alone(
    files: TrunkFiles[Walker], folders: list[Path]
) -> None:
    files.save(Walker(3))
    (file,) = folders[0].iterdir()
    half_written = file.with_name(f".{file.name}.77.tmp")
    half_written.write_text("step")
    files.save(Walker(6))
    assert half_written.exists()
    assert found(files, 9) == 6
    half_written.unlink()
    files.save(Walker(5))
    assert steps_kept(folders) == [[5, 6]] * 3


def test_a_file_that_another_process_drops_first_is_no_failure(
    files: TrunkFiles[Walker], folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def unlinked_before(path: Path, missing_ok: bool = False) -> None:
        unlink(path)
        unlink(path, missing_ok)

    files.save(Walker(3))
    monkeypatch.setattr(Path, "unlink", unlinked_before)
    files.save(Walker(6))
    assert steps_kept(folders) == [[6]] * 3


def test_a_walk_is_saved_now_and_then_and_at_its_end(
    files: TrunkFiles[Walker], folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trunk_files, "SAVE_STEPS", 4)
    stretches: list[tuple[int, int]] = []

    def train(walker: Walker, until_step: int) -> Walker:
        assert found(files, 1000) == (walker.step or None)
        stretches.append((walker.step, until_step))
        return replace(walker, step=min(until_step, walker.last))

    assert files.advance(Walker(0), 10, train) == Walker(10)
    assert stretches == [(0, 4), (4, 8), (8, 10)]
    assert steps_kept(folders) == [[10]] * 3
    assert files.advance(Walker(10), 10, train) == Walker(10)
    assert files.advance(Walker(10, last=13), 100, train) == Walker(13, last=13)
    assert stretches[3:] == [(10, 14)]


def test_without_folders_nothing_is_kept(tmp_path: Path) -> None:
    nowhere: TrunkFiles[Walker] = TrunkFiles([], "run", write=write, read=read)
    assert nowhere.advance(Walker(0), 10, lambda walker, until_step: Walker(until_step)) == Walker(10)
    assert nowhere.latest(10) is None
    assert list(tmp_path.iterdir()) == []


def test_rungs_and_branches_do_not_decide_a_trunk() -> None:
    one = TrainingSettings(num_steps=100)
    other = TrainingSettings(num_steps=400, num_rungs=3, rung_ratio=3, cooldown_share=0.5, test_lengths=[2])
    assert trunk_settings(one) == trunk_settings(other)
    assert trunk_settings(one) != trunk_settings(replace(one, batch_size=5))
