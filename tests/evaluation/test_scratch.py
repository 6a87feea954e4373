from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from nas.evaluation import progress_throttle as throttle
from nas.evaluation import scratch, trunk_files
from nas.evaluation.scratch import ScratchEvaluator
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.schedule import branch_start, rung_steps
from nas.results.measurement import Outcome
from nas.tasks.synthetic.recall import RecallTask
from tests.steps_spent import steps_spent
from tests.timeless import timeless

Members = tuple[Member, ...]
MakeEvaluator = Callable[..., ScratchEvaluator]

SAVES = (0, 4, 8, 9)
"""Where a call for rung 12 can go on: from nothing, or from a state that was saved."""


class Killed(BaseException):
    """What SIGKILL would be, if Python could see it."""


@pytest.fixture(autouse=True)
def saved_every_four_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunk_files, "SAVE_STEPS", 4)


@pytest.fixture
def every_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "SECONDS_BETWEEN_NEWS", 0.0)


@pytest.fixture
def make(task: RecallTask, proxy: ProxySettings, training: TrainingSettings) -> MakeEvaluator:
    """An evaluator with some settings of the training changed."""
    return lambda data_seed=3, **changes: ScratchEvaluator(
        task, proxy, replace(training, **changes), data_seed=data_seed, device="cpu"
    )


@pytest.fixture
def evaluator(make: MakeEvaluator) -> ScratchEvaluator:
    return make()


@pytest.fixture
def folders(tmp_path: Path, members: Members) -> list[Path]:
    return [tmp_path / str(index) for index in range(len(members))]


@dataclass
class Listener:
    """Keeps the steps that are told of the first member; the process may die at one of them."""

    killed_at: int | None = None
    steps: list[int] = field(default_factory=list)

    def __call__(self, member: int, step: int, num_steps: int) -> None:
        if member == 0:
            self.steps.append(step)
        if step == self.killed_at:
            raise Killed


def files(folders: Sequence[Path]) -> list[str]:
    return sorted(path.name for folder in folders for path in folder.glob("*"))


def test_every_member_is_measured_in_order(evaluator: ScratchEvaluator, members: Members) -> None:
    for rung in (6, 12):
        for member, measurement in zip(members, evaluator.evaluate(members, rung), strict=True):
            assert (measurement.seed, measurement.learning_rate) == (member.seed, member.learning_rate)
            assert (measurement.step, measurement.outcome) == (rung, Outcome.FINISHED)
            assert measurement.quality is not None and 0 <= measurement.quality <= 1
            assert measurement.train_loss is not None and measurement.train_loss > 0
            assert measurement.wall_seconds > 0


def test_a_member_that_diverges_fails_alone_at_every_rung(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path]
) -> None:
    wild = replace(members[1], learning_rate=1e30)
    for rung in (6, 12):
        calm, diverged, _ = evaluator.evaluate((members[0], wild, members[2]), rung, folders)
        assert (diverged.step, diverged.outcome) == (rung, Outcome.DIVERGED)
        assert (diverged.quality, diverged.train_loss, diverged.longer) == (None, None, ())
        assert timeless([calm]) == timeless(evaluator.evaluate(members, rung)[:1])


@pytest.mark.usefixtures("every_step_is_told")
def test_a_cohort_that_has_died_ends_early_and_takes_no_further_step(
    make: MakeEvaluator, members: Members, folders: list[Path]
) -> None:
    wild, evaluator = [replace(member, learning_rate=1e30) for member in members], make(num_steps=80)
    first, second = Listener(), Listener()
    for rung, listener in ((40, first), (80, second)):
        measurements = evaluator.evaluate(wild, rung, folders, listener)
        assert [(one.step, one.outcome) for one in measurements] == [(rung, Outcome.DIVERGED)] * 3
    assert second.steps == first.steps[-1:]
    assert first.steps[-1] < 30


@pytest.mark.usefixtures("every_step_is_told")
@pytest.mark.parametrize("step", [0, 1, 4, 5, 8, 9, 10, 11, 12])
def test_a_killed_call_goes_on_and_ends_the_same(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path], step: int
) -> None:
    """Before the first step, on the trunk before and after each save, at its end, and all along the branch."""
    expected = timeless(evaluator.evaluate(members, 12))
    with pytest.raises(Killed):
        evaluator.evaluate(members, 12, folders, Listener(killed_at=step))
    listener = Listener()
    assert timeless(evaluator.evaluate(members, 12, folders, listener)) == expected
    # News of a step goes out before the state is saved: what the kill at step 8 leaves is step 4.
    saved = max(save for save in SAVES if save < max(step, 1))
    assert listener.steps == list(range(saved, 13))
    assert len(files(folders)) == len(members)


@pytest.mark.usefixtures("every_step_is_told")
@pytest.mark.parametrize("num_saved", [0, 1, 2, 3])
def test_a_kill_while_the_members_are_saved_goes_on_from_the_save_before(
    evaluator: ScratchEvaluator,
    members: Members,
    folders: list[Path],
    num_saved: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the files of step 8, before any and after all of them."""
    expected = timeless(evaluator.evaluate(members, 12))
    save = CohortState.save
    steps: list[int] = []

    def dying(part: CohortState, path: Path) -> None:
        if steps.count(8) == num_saved and part.step >= 8:
            raise Killed
        steps.append(part.step)
        save(part, path)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(CohortState, "save", dying)
        evaluator.evaluate(members, 12, folders)
    listener = Listener()
    assert timeless(evaluator.evaluate(members, 12, folders, listener)) == expected
    assert listener.steps[0] == (8 if num_saved == len(members) else 4)


@pytest.mark.usefixtures("every_step_is_told")
@pytest.mark.parametrize("num_members", [1, 3])
@pytest.mark.parametrize(("num_rungs", "rung_ratio"), [(3, 2), (2, 3), (2, 4)])
def test_going_from_rung_to_rung_repeats_no_step_of_the_trunk_and_gives_what_fresh_trainings_give(
    make: MakeEvaluator, members: Members, folders: list[Path], num_members: int, num_rungs: int, rung_ratio: int
) -> None:
    training = TrainingSettings(num_steps=12, num_rungs=num_rungs, rung_ratio=rung_ratio, cooldown_share=0.25)
    evaluator, saved, spent = make(num_rungs=num_rungs, rung_ratio=rung_ratio), 0, 0
    cohort, own = members[:num_members], folders[:num_members]
    for rung in rung_steps(training):
        listener = Listener()
        measurements = evaluator.evaluate(cohort, rung, own, listener)
        assert listener.steps == list(range(saved, rung + 1))
        assert timeless(measurements) == timeless(make(num_steps=rung, num_rungs=1).evaluate(cohort, rung))
        saved, spent = branch_start(rung, training), spent + len(listener.steps) - 1
    assert spent == steps_spent(12, training)
    assert {name[:20] for name in files(own)} == {"checkpoint-000000009"}


@pytest.mark.usefixtures("every_step_is_told")
@pytest.mark.parametrize("step", [4, 5, 8, 9, 10, 12])
def test_a_call_for_a_later_rung_that_is_killed_goes_on_and_ends_the_same(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path], step: int
) -> None:
    evaluator.evaluate(members, 6, folders)
    with pytest.raises(Killed):
        evaluator.evaluate(members, 12, folders, Listener(killed_at=step))
    listener = Listener()
    measurements = evaluator.evaluate(members, 12, folders, listener)
    assert timeless(measurements) == timeless(evaluator.evaluate(members, 12))
    assert listener.steps[0] == max(save for save in (4, 8, 9) if save < max(step, 5))


@pytest.mark.usefixtures("every_step_is_told")
def test_a_member_goes_on_without_those_that_stayed_behind(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path]
) -> None:
    evaluator.evaluate(members, 6, folders)
    listener = Listener()
    (measurement,) = evaluator.evaluate(members[1:2], 12, folders[1:2], listener)
    assert listener.steps == list(range(4, 13))
    (alone,) = evaluator.evaluate(members[1:2], 12)
    assert measurement.train_loss == pytest.approx(alone.train_loss, rel=1e-4)


@pytest.mark.usefixtures("every_step_is_told")
def test_a_checkpoint_beyond_the_rung_is_not_used(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path]
) -> None:
    evaluator.evaluate(members, 12, folders)
    listener = Listener()
    assert timeless(evaluator.evaluate(members, 6, folders, listener)) == timeless(evaluator.evaluate(members, 6))
    assert listener.steps == list(range(7))


@pytest.mark.usefixtures("every_step_is_told")
@pytest.mark.parametrize(
    ("changes", "begun"),
    [
        ({"data_seed": 4}, 0),
        ({"batch_size": 5}, 0),
        ({"warmup_steps": 3}, 0),
        ({"weight_decay": 0.1}, 0),
        ({"gradient_clip": 0.5}, 0),
        ({"num_steps": 24}, 9),
        ({"num_rungs": 1}, 9),
        ({"rung_ratio": 3}, 9),
        ({"cooldown_share": 0.2}, 9),
        ({"cooldown_share": 0.5}, 0),
        ({"test_lengths": [2]}, 9),
    ],
    ids=str,
)
def test_another_trunk_is_passed_over_and_the_same_is_used(
    evaluator: ScratchEvaluator,
    make: MakeEvaluator,
    members: Members,
    folders: list[Path],
    changes: dict[str, Any],
    begun: int,
) -> None:
    """Neither the rungs nor the branches decide a trunk; a state behind the start of a branch is of no use."""
    evaluator.evaluate(members, 12, folders)
    other, listener = make(**changes), Listener()
    assert timeless(other.evaluate(members, 12, folders, listener)) == timeless(other.evaluate(members, 12))
    assert listener.steps[0] == begun


@pytest.mark.usefixtures("every_step_is_told")
def test_a_trunk_of_another_precision_is_passed_over(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator.evaluate(members, 12, folders)
    before, listener = files(folders), Listener()
    monkeypatch.setattr(scratch, "precision_on", lambda device: "bfloat16")
    evaluator.evaluate(members, 12, folders, listener)
    assert listener.steps[0] == 0 and set(before) < set(files(folders))


def test_a_damaged_checkpoint_costs_time_and_nothing_else(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path]
) -> None:
    evaluator.evaluate(members, 6, folders)
    (checkpoint,) = folders[1].iterdir()
    checkpoint.write_bytes(b"torn")
    assert timeless(evaluator.evaluate(members, 12, folders)) == timeless(evaluator.evaluate(members, 12))
    assert len(files(folders)) == len(members)


@pytest.mark.usefixtures("every_step_is_told")
def test_the_states_of_other_members_are_passed_over(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path]
) -> None:
    evaluator.evaluate(members, 6, folders)
    listener = Listener()
    evaluator.evaluate(members[::-1], 12, folders, listener)
    assert listener.steps[0] == 0


@pytest.mark.usefixtures("every_step_is_told")
@pytest.mark.parametrize(
    "change", [{"members": 5}, {"members": [{}]}, {"step": 5}, {"weights": None}, {"wall_seconds": 3}], ids=str
)
def test_a_file_of_another_content_is_passed_over(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path], change: dict[str, object]
) -> None:
    evaluator.evaluate(members, 6, folders)
    (file,) = folders[1].iterdir()
    torch.save(torch.load(file, weights_only=True) | change, file)
    listener = Listener()
    evaluator.evaluate(members, 12, folders, listener)
    assert listener.steps[0] == 0


@pytest.mark.parametrize(
    ("owner", "name", "error"),
    [
        (CohortTrainer, "train", torch.OutOfMemoryError("CUDA out of memory")),
        (CohortTrainer, "train", RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")),
        (CohortTrainer, "train_branch", MemoryError()),
        (scratch, "longer_qualities", MemoryError()),
    ],
)
def test_a_cohort_that_does_not_fit_is_halved_until_it_does(
    evaluator: ScratchEvaluator,
    members: Members,
    folders: list[Path],
    owner: Any,
    name: str,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole: Callable[..., Any] = getattr(owner, name)
    too_big = members[1].pattern

    def small_machine(*args: Any) -> Any:
        (state,) = (each for each in args if isinstance(each, CohortState))
        if len(state.members) > 1 or state.members[0].pattern == too_big:
            raise error
        return whole(*args)

    expected = [evaluator.evaluate([member], 12)[0] for member in members]
    monkeypatch.setattr(owner, name, small_machine)
    told: set[int] = set()
    measurements = evaluator.evaluate(members, 12, folders, lambda member, *_: told.add(member))
    assert [one.outcome for one in measurements] == [Outcome.FINISHED, Outcome.OUT_OF_MEMORY, Outcome.FINISHED]
    for index in (0, 2):
        assert measurements[index].train_loss == pytest.approx(expected[index].train_loss, rel=1e-4)
        if name == "train":  # nobody took a step in company
            assert timeless([measurements[index]]) == timeless([expected[index]])
    assert (measurements[1].step, measurements[1].quality, measurements[1].train_loss) == (12, None, None)
    assert told == {0, 1, 2}
    assert [len(files([folder])) for folder in folders] == [1, 0 if name == "train" else 1, 1]


@pytest.mark.usefixtures("every_step_is_told")
def test_a_member_that_ran_out_of_memory_goes_on_from_its_trunk_when_it_is_tried_again(
    evaluator: ScratchEvaluator, members: Members, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **options: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(CohortTrainer, "train_branch", full)
        (failed,) = evaluator.evaluate(members[:1], 12, folders[:1])
    assert failed.outcome is Outcome.OUT_OF_MEMORY
    listener = Listener()
    measurements = evaluator.evaluate(members[:1], 12, folders[:1], listener)
    assert listener.steps == [9, 10, 11, 12]
    assert timeless(measurements) == timeless(evaluator.evaluate(members[:1], 12))


def test_any_other_error_is_not_swallowed(
    evaluator: ScratchEvaluator, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **options: Any) -> CohortState:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(CohortTrainer, "train", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        evaluator.evaluate(members, 12)


def test_progress_goes_from_nothing_to_the_rung_for_every_member(evaluator: ScratchEvaluator, members: Members) -> None:
    told: list[tuple[int, int, int]] = []
    evaluator.evaluate(members, 6, on_progress=lambda *now: told.append(now))
    for index in range(len(members)):
        own = [now for now in told if now[0] == index]
        assert own[0] == (index, 0, 6)
        assert own[-1] == (index, 6, 6)
        assert [step for _, step, _ in own] == sorted(step for _, step, _ in own)


def test_progress_is_told_seldom(
    evaluator: ScratchEvaluator, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "SECONDS_BETWEEN_NEWS", 3600.0)
    listener = Listener()
    evaluator.evaluate(members[:1], 12, on_progress=listener)
    assert listener.steps == [0, 12]


@pytest.mark.usefixtures("every_step_is_told")
def test_a_rung_without_a_trunk_leaves_nothing_to_go_on_from(
    make: MakeEvaluator, members: Members, folders: list[Path]
) -> None:
    evaluator, listener = make(cooldown_share=1.0), Listener()
    first = evaluator.evaluate(members, 12, folders, listener)
    assert listener.steps == list(range(13))
    assert files(folders) == []
    assert timeless(evaluator.evaluate(members, 12, folders)) == timeless(first)


def test_without_folders_nothing_is_written(
    evaluator: ScratchEvaluator, members: Members, in_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(CohortState, "save", refuse)
    evaluator.evaluate(members, 6)
    assert list(in_tmp_path.iterdir()) == []
