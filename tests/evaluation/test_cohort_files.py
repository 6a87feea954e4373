from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nas.evaluation.cohort_files import Checkpoints
from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.state.member import Member
from nas.tasks.memory.recall import RecallTask


@pytest.fixture
def state(members: tuple[Member, ...], proxy: ProxySettings, task: RecallTask) -> CohortState:
    return CohortState.initial(members, layout_for(members[0].pattern, proxy, task))


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def checkpoints(members: tuple[Member, ...], tmp_path: Path) -> Checkpoints:
    return Checkpoints(members, [tmp_path / str(index) for index in range(3)], "run")


def test_the_newest_state_replaces_the_one_before(checkpoints: Checkpoints, state: CohortState, tmp_path: Path) -> None:
    assert checkpoints.latest(9) is None
    for step in (3, 6):
        checkpoints.save(replace(state, step=step))
    latest = checkpoints.latest(9)
    assert latest is not None and latest.step == 6
    assert all(len(list((tmp_path / str(index)).iterdir())) == 1 for index in range(3))


def test_a_state_beyond_the_step_that_is_asked_for_is_not_used(
    checkpoints: Checkpoints, state: CohortState, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        checkpoints.save(replace(state, step=3))
        patch.setattr(Path, "unlink", interrupt)
        checkpoints.save(replace(state, step=6))
    found = {step: checkpoints.latest(step) for step in (2, 3, 5, 6, 7)}
    assert {step: latest and latest.step for step, latest in found.items()} == {2: None, 3: 3, 5: 3, 6: 6, 7: 6}


def test_a_kill_between_two_files_falls_back_to_the_step_that_all_members_have(
    checkpoints: Checkpoints, state: CohortState, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.save(replace(state, step=3))
    save, written = CohortState.save, []

    def dies_at_the_second(part: CohortState, path: Path) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(path)
        save(part, path)

    monkeypatch.setattr(CohortState, "save", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(replace(state, step=6))
    latest = checkpoints.latest(9)
    assert latest is not None and latest.step == 3


def test_other_members_or_another_run_find_nothing(
    checkpoints: Checkpoints, state: CohortState, members: tuple[Member, ...], tmp_path: Path
) -> None:
    checkpoints.save(replace(state, step=3))
    folders = [tmp_path / str(index) for index in range(3)]
    assert Checkpoints(members[::-1], folders, "run").latest(9) is None
    assert Checkpoints(members, folders, "other").latest(9) is None


@pytest.mark.parametrize(
    "change", [{"members": 5}, {"members": [{}]}, {"step": 4}, {"weights": None}, {"wall_seconds": 3}], ids=str
)
def test_a_file_of_another_content_is_passed_over(
    checkpoints: Checkpoints, state: CohortState, tmp_path: Path, change: dict[str, object]
) -> None:
    checkpoints.save(replace(state, step=3))
    [file] = (tmp_path / "1").iterdir()
    torch.save(torch.load(file, weights_only=True) | change, file)
    assert checkpoints.latest(9) is None
