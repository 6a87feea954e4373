import math
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch

from nas.errors import PatternError
from nas.patterns.file import load_pattern
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.metrics import RungScore, Tally
from nas.proxy.training.schedule import branch_start, rung_steps
from nas.tasks.language.text import TextTask
from nas.tasks.task import Batch
from tests.steps_spent import steps_spent

Start = Callable[..., CohortState]
Scores = tuple[RungScore | None, ...]


@dataclass
class Run:
    """Trunk and branches of one task, proxy and training; counts the reported steps."""

    task: TextTask
    proxy: ProxySettings
    training: TrainingSettings
    steps: list[None] = field(default_factory=list)

    def trunk(self, state: CohortState, until_step: int, backend: str = "auto") -> CohortState:
        return self.trainer(backend).train(state, until_step, self.step)

    def branch(self, state: CohortState, rung: int, backend: str = "auto") -> tuple[CohortState, Scores]:
        return self.trainer(backend).train_branch(state, rung, self.step)

    def trainer(self, backend: str) -> CohortTrainer:
        return CohortTrainer(task=self.task, proxy=self.proxy, training=self.training, data_seed=5, backend=backend)

    def __call__(self, state: CohortState, rung: int = 12, backend: str = "auto") -> tuple[CohortState, Scores]:
        """From any state to a rung."""
        return self.branch(self.trunk(state, branch_start(rung, self.training), backend), rung, backend)

    def step(self) -> None:
        self.steps.append(None)


@pytest.fixture
def run(task: TextTask, proxy: ProxySettings, training: TrainingSettings) -> Run:
    return Run(task, proxy, training)


def same(left: CohortState, right: CohortState) -> bool:
    tensors = ("weights", "first_moments", "second_moments", "alive")
    return (
        left.members == right.members
        and left.step == right.step
        and all(torch.equal(getattr(left, name), getattr(right, name)) for name in tensors)
    )


def assert_close(left: Sequence[RungScore | None], right: Sequence[RungScore | None], rel: float = 1e-4) -> None:
    for ours, theirs in zip(left, right, strict=True):
        assert ours is not None and theirs is not None
        assert ours.quality == pytest.approx(theirs.quality, rel=rel)
        assert ours.train_loss == pytest.approx(theirs.train_loss, rel=rel)


def test_training_learns_and_ends_at_its_rung(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    (early, first), (late, last) = (run(start(*members), rung) for rung in (3, 12))
    assert (early.step, late.step) == (3, 12)
    for before, after in zip(first, last, strict=True):
        assert before is not None and after is not None
        assert after.quality < before.quality < 8.5
        assert after.train_loss < before.train_loss


def test_a_member_of_a_cohort_ends_as_it_does_alone(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    _, together = run(start(*members))
    assert_close(together, [score for member in members for score in run(start(member))[1]])


def test_the_same_arguments_give_the_same_bits(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    (once, scores), (twice, scores_again) = run(start(*members)), run(start(*members))
    assert same(once, twice)
    assert scores == scores_again


@pytest.mark.parametrize("step", [1, 4, 9, 10])
def test_resuming_at_any_step_of_the_trunk_changes_no_bit(
    run: Run, start: Start, members: tuple[Member, ...], tmp_path: Path, step: int
) -> None:
    run.trunk(start(*members), step).save(tmp_path / "part.pt")
    (resumed, scores), (through, scores_through) = run(CohortState.load(tmp_path / "part.pt")), run(start(*members))
    assert same(resumed, through)
    assert scores == scores_through


def test_splitting_and_merging_on_the_trunk_changes_no_bit(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    part = run.trunk(start(*members), 7)
    assert same(run(CohortState.merge(part.split()))[0], run(start(*members))[0])


def test_members_of_other_cohorts_train_on_together(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    pairs = [run.trunk(start(*members[:2]), 4), run.trunk(start(*members[2:]), 4)]
    assert_close(run(CohortState.merge(pairs))[1], run(start(*members))[1])


@pytest.mark.parametrize(("num_rungs", "rung_ratio"), [(3, 2), (2, 3), (2, 4)])
@pytest.mark.parametrize("cooldown_share", [0.1, 0.5, 1.0])
def test_going_from_rung_to_rung_is_a_fresh_training_of_each_length_to_the_bit(
    run: Run, start: Start, members: tuple[Member, ...], num_rungs: int, rung_ratio: int, cooldown_share: float
) -> None:
    cohort = members[:3]
    run.training = replace(
        run.training, num_rungs=num_rungs, rung_ratio=rung_ratio, cooldown_share=cooldown_share, warmup_steps=5
    )
    trunk = start(*cohort)
    for rung in rung_steps(run.training):
        trunk = run.trunk(trunk, branch_start(rung, run.training))
        end, scores = run.branch(trunk, rung)
        alone = replace(run.training, num_steps=rung, num_rungs=1)
        fresh, fresh_scores = Run(run.task, run.proxy, alone)(start(*cohort), rung)
        assert same(end, fresh)
        assert scores == fresh_scores
    assert len(run.steps) == steps_spent(12, run.training)


def test_a_branch_leaves_the_trunk_as_it_was(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    trunk = run.trunk(start(*members), 5)
    before = CohortState.merge(trunk.split())
    run.branch(trunk, 6)
    assert same(trunk, before)


def test_every_step_has_the_batch_of_its_number(
    run: Run, start: Start, members: tuple[Member, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a branch too: it takes the batches that the trunk takes in the same steps."""
    train_batch, taken = TextTask.train_batch, []

    def watched(task: TextTask, step: int, batch_size: int, seed: int) -> Batch:
        taken.append((step, batch_size, seed))
        return train_batch(task, step, batch_size, seed)

    monkeypatch.setattr(TextTask, "train_batch", watched)
    run.branch(run.trunk(run.trunk(start(members[0]), 4), 10), 12)
    assert taken == [(step, 4, 5) for step in range(12)]


def test_every_step_is_told(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    trunk = run.trunk(start(members[0]), 10)
    assert len(run.steps) == 10
    run.branch(trunk, 12)
    assert len(run.steps) == 12


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
@pytest.mark.parametrize("step", [0, 10])
def test_a_member_that_diverges_leaves_the_others_bit_identical(
    run: Run, start: Start, members: tuple[Member, ...], poison: float, step: int
) -> None:
    """On the trunk, or on the branch alone."""
    healthy, scores = run(start(*members))
    begun = run.trunk(start(*members), step)
    begun.weights[1] = poison
    end, found = run(begun)
    assert end.alive.tolist() == [True, False, True, True]
    assert found == (scores[0], None, *scores[2:])
    for index in (0, 2, 3):
        assert torch.equal(end.weights[index], healthy.weights[index])


@pytest.mark.parametrize("backend", ["dense", "pieces"])
def test_a_member_that_diverges_is_alone_even_among_members_with_its_pattern(
    run: Run, start: Start, members: tuple[Member, ...], backend: str
) -> None:
    """Backends work on heads with equal patterns together."""
    alike = [replace(members[2], seed=seed) for seed in range(3)]
    healthy, _ = run(start(*alike), backend=backend)
    begun = start(*alike)
    begun.weights[1] = float("nan")
    end, _ = run(begun, backend=backend)
    assert end.alive.tolist() == [True, False, True]
    assert torch.equal(end.weights[[0, 2]], healthy.weights[[0, 2]])


def test_a_member_whose_validation_is_not_finite_has_diverged_at_this_rung_alone(
    run: Run, start: Start, members: tuple[Member, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    trunk = run.trunk(start(*members[:2]), 5)
    with monkeypatch.context() as patch:
        patch.setattr(Tally, "losses", lambda tally: [1.0, math.inf])
        end, scores = run.branch(trunk, 6)
    assert end.alive.tolist() == [score is not None for score in scores] == [True, False]
    assert None not in run(trunk)[1]


def test_backends_agree(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    (_, dense), (_, pieces) = (run(start(*members), backend=backend) for backend in ("dense", "pieces"))
    assert_close(pieces, dense, rel=1e-3)


def test_a_pattern_that_looks_ahead_is_not_trained_on_a_causal_task(
    run: Run, start: Start, members: tuple[Member, ...]
) -> None:
    layers = [{"heads": [{"count": 2, "attend": [{"kind": "full"}]}]}] * 2
    both_ways = load_pattern({"schema": "nas.pattern/1", "causal": False, "layers": layers})
    with pytest.raises(PatternError, match="causal: must be True for the task text, got False"):
        run(start(replace(members[0], pattern=both_ways)))


def test_a_member_that_diverges_on_the_way_is_found_out(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    wild = replace(members[1], learning_rate=1e30)
    end, (calm, diverged) = run(start(members[0], wild))
    assert end.alive.tolist() == [True, False]
    assert calm is not None and diverged is None


def test_a_cohort_without_survivors_ends_early_and_stays_ended(
    run: Run, start: Start, members: tuple[Member, ...]
) -> None:
    begun = start(members[0])
    begun.weights[:] = float("nan")
    run.training.num_steps = 60
    end = run.trunk(begun, 48)
    assert end.step < 48
    assert run.trunk(end, 48) is end
    last, scores = run.branch(end, 60)
    assert last is end
    assert scores == (None,)


def test_a_cohort_without_survivors_ends_a_branch_early(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    begun = start(*members)
    begun.weights[:] = float("nan")
    run.training.num_steps, run.training.cooldown_share = 60, 1.0
    end, scores = run(begun, 60)
    assert end.step < 60
    assert scores == (None,) * 4


def test_seeds_and_learning_rates_make_a_difference(run: Run, start: Start, members: tuple[Member, ...]) -> None:
    one = members[0]
    _, scores = run(start(one, replace(one, seed=99), replace(one, learning_rate=2e-3)))
    assert len({score.quality for score in scores if score}) == 3


def test_training_prints_nothing_and_writes_nothing(
    run: Run,
    start: Start,
    members: tuple[Member, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    run(start(members[0]), 3)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("where", ["trunk", "branch"])
def test_an_interrupt_reaches_the_caller(
    run: Run, start: Start, members: tuple[Member, ...], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    begun = start(members[0]) if where == "trunk" else run.trunk(start(members[0]), 10)

    def interrupt(run: Run) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "step", interrupt)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(begun)
    assert signal.getsignal(signal.SIGINT) is handler
