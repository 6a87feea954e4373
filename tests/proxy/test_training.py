import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nas.errors import PatternError
from nas.patterns.file import load_pattern
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state import CohortState
from nas.proxy.training import train
from nas.tasks.text import TextTask

Start = Callable[..., CohortState]
Train = Callable[..., CohortState]


@pytest.fixture
def run(task: TextTask, proxy: ProxySettings, training: TrainingSettings) -> Train:
    return lambda state, **options: train(state, task, proxy, training, data_seed=5, **options)


def same(left: CohortState, right: CohortState) -> bool:
    tensors = ("weights", "first_moments", "second_moments", "alive")
    return (
        left.members == right.members
        and left.step == right.step
        and left.curves == right.curves
        and all(torch.equal(getattr(left, name), getattr(right, name)) for name in tensors)
    )


def test_training_learns_and_validates_at_every_check(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    end = run(start(*members))
    for curve in end.curves:
        assert [point.step for point in curve] == [4, 8, 12]
        assert curve[-1].quality < curve[0].quality < 8.5
        assert curve[-1].train_loss < curve[0].train_loss


def test_a_member_of_a_cohort_ends_as_it_does_alone(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    together = run(start(*members))
    for index, member in enumerate(members):
        alone = run(start(member))
        for ours, theirs in zip(together.curves[index], alone.curves[0], strict=True):
            assert ours.quality == pytest.approx(theirs.quality, rel=1e-4)
            assert ours.train_loss == pytest.approx(theirs.train_loss, rel=1e-4)


def test_the_same_arguments_give_the_same_bits(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    assert same(run(start(*members)), run(start(*members)))


def test_resuming_at_a_check_changes_no_bit(
    run: Train, start: Start, members: tuple[Member, ...], tmp_path: Path
) -> None:
    half = run(start(*members), until_step=4)
    half.save(tmp_path / "half.pt")
    assert same(run(CohortState.load(tmp_path / "half.pt")), run(start(*members)))


def test_splitting_and_merging_at_a_check_changes_no_bit(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    half = run(start(*members), until_step=8)
    assert same(run(CohortState.merge(half.split())), run(start(*members)))


def test_members_of_other_cohorts_train_on_together(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    pairs = [run(start(*members[:2]), until_step=4), run(start(*members[2:]), until_step=4)]
    regrouped = run(CohortState.merge(pairs))
    for ours, theirs in zip(regrouped.curves, run(start(*members)).curves, strict=True):
        assert ours[-1].quality == pytest.approx(theirs[-1].quality, rel=1e-4)


def test_checks_hand_out_states_that_do_not_change(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    seen: list[CohortState] = []
    run(start(*members), on_check=seen.append)
    assert [state.step for state in seen] == [4, 8, 12]
    assert same(seen[0], run(start(*members), until_step=4))


def test_every_step_is_told(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    steps: list[int] = []
    run(start(members[0]), on_step=steps.append)
    assert steps == list(range(1, 13))


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_a_member_that_diverges_leaves_the_others_bit_identical(
    run: Train, start: Start, members: tuple[Member, ...], poison: float
) -> None:
    healthy = run(start(*members))
    begun = start(*members)
    begun.weights[1] = poison
    end = run(begun)
    assert end.alive.tolist() == [True, False, True, True]
    assert end.curves[1] == ()
    for index in (0, 2, 3):
        assert torch.equal(end.weights[index], healthy.weights[index])
        assert end.curves[index] == healthy.curves[index]


@pytest.mark.parametrize("backend", ["dense", "pieces"])
def test_a_member_that_diverges_is_alone_even_among_members_with_its_pattern(
    run: Train, start: Start, members: tuple[Member, ...], backend: str
) -> None:
    """Backends work on heads with equal patterns together."""
    alike = [replace(members[2], seed=seed) for seed in range(3)]
    healthy = run(start(*alike), backend=backend)
    begun = start(*alike)
    begun.weights[1] = float("nan")
    end = run(begun, backend=backend)
    assert end.alive.tolist() == [True, False, True]
    assert torch.equal(end.weights[[0, 2]], healthy.weights[[0, 2]])


def test_backends_agree(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    dense, pieces = (run(start(*members), backend=backend) for backend in ("dense", "pieces"))
    for ours, theirs in zip(pieces.curves, dense.curves, strict=True):
        assert ours[-1].quality == pytest.approx(theirs[-1].quality, rel=1e-3)


def test_a_pattern_that_looks_ahead_is_not_trained_on_a_causal_task(
    run: Train, start: Start, members: tuple[Member, ...]
) -> None:
    layers = [{"heads": [{"count": 2, "attend": [{"kind": "full"}]}]}] * 2
    both_ways = load_pattern({"schema": "nas.pattern/1", "causal": False, "layers": layers})
    with pytest.raises(PatternError, match="causal: must be True for the task text, got False"):
        run(start(replace(members[0], pattern=both_ways)))


def test_a_member_that_diverges_on_the_way_stops_with_finite_weights(
    run: Train, start: Start, members: tuple[Member, ...]
) -> None:
    wild = replace(members[1], learning_rate=1e30)
    end = run(start(members[0], wild))
    assert end.alive.tolist() == [True, False]
    assert all(end_row.isfinite().all() for end_row in (end.weights, end.first_moments, end.second_moments))
    assert len(end.curves[0]) == 3
    assert end.curves[1] == ()


def test_a_cohort_without_survivors_ends_early_and_stays_ended(
    run: Train, start: Start, members: tuple[Member, ...], training: TrainingSettings
) -> None:
    begun = start(members[0])
    begun.weights[:] = float("nan")
    training.num_steps, training.num_checks = 60, 1
    end = run(begun)
    assert end.step < 60
    assert run(end) is end


def test_seeds_and_learning_rates_make_a_difference(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    one = members[0]
    end = run(start(one, replace(one, seed=99), replace(one, learning_rate=2e-3)))
    assert len({curve[-1].quality for curve in end.curves}) == 3


def test_training_prints_nothing_and_writes_nothing(
    run: Train,
    start: Start,
    members: tuple[Member, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    run(start(members[0]), until_step=4)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_an_interrupt_reaches_the_caller(run: Train, start: Start, members: tuple[Member, ...]) -> None:
    def interrupt(step: int) -> None:
        raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(start(members[0]), on_step=interrupt)
    assert signal.getsignal(signal.SIGINT) is handler
