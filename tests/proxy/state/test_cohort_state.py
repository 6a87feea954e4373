from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nas.errors import InputError
from nas.proxy.member import Member
from nas.proxy.state.cohort_state import CohortState

Start = Callable[..., CohortState]


@pytest.fixture
def state(start: Start, members: tuple[Member, ...]) -> CohortState:
    fresh = start(*members)
    return replace(
        fresh,
        step=8,
        first_moments=torch.randn_like(fresh.weights),
        second_moments=torch.rand_like(fresh.weights),
        alive=torch.tensor([True, False, True, True]),
        wall_seconds=(1.0, 0.1 + 0.2, 3.0, 4.0),
    )


def assert_equal(left: CohortState, right: CohortState) -> None:
    for name in CohortState.__slots__:
        ours, theirs = getattr(left, name), getattr(right, name)
        assert torch.equal(ours, theirs) if isinstance(ours, torch.Tensor) else ours == theirs, name


def test_a_saved_state_comes_back_to_the_bit(state: CohortState, tmp_path: Path) -> None:
    state.save(tmp_path / "new folder" / "state.pt")
    assert_equal(CohortState.load(tmp_path / "new folder" / "state.pt"), state)
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["state.pt"]


def test_split_and_merge_are_inverse(state: CohortState) -> None:
    parts = state.split()
    assert [part.members for part in parts] == [(member,) for member in state.members]
    assert_equal(CohortState.merge(parts), state)


def test_a_slice_owns_its_memory(state: CohortState, tmp_path: Path) -> None:
    state.save(tmp_path / "all.pt")
    state.split()[0].save(tmp_path / "one.pt")
    assert (tmp_path / "one.pt").stat().st_size < (tmp_path / "all.pt").stat().st_size / 2


def test_a_damaged_or_missing_checkpoint_is_refused(state: CohortState, tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    state.save(path)
    path.write_bytes(path.read_bytes()[:-200])
    for file in (path, tmp_path / "none.pt"):
        with pytest.raises(InputError, match="must be a checkpoint"):
            CohortState.load(file)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    torch.save({"schema": "nas.cohort/99"}, tmp_path / "state.pt")
    with pytest.raises(InputError, match="must be a checkpoint"):
        CohortState.load(tmp_path / "state.pt")


def test_a_cohort_is_alive_while_one_member_is(state: CohortState) -> None:
    assert state.any_alive()
    assert not replace(state, alive=torch.zeros(4, dtype=torch.bool)).any_alive()
