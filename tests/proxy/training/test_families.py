"""The contract of a cohort, for every kind of weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from nas.proxy.member import Member
from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.metrics import RungScore
from nas.proxy.training.schedule import branch_start
from tests.families import FAMILIES, Family

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=16, mlp_ratio=2)
RUNG = 6
TRAINING = TrainingSettings(num_steps=RUNG, batch_size=4, warmup_steps=1)


@dataclass
class Cohort:
    """Four members, and how they end together."""

    family: Family

    def __post_init__(self) -> None:
        self.layout = layout_for(self.family.patterns[0], PROXY, self.family.task)
        self.members = [
            Member(pattern=pattern, seed=seed, learning_rate=4e-3 * (seed + 1))
            for seed, pattern in enumerate(2 * self.family.patterns)
        ]
        self.trainer = CohortTrainer(task=self.family.task, proxy=PROXY, training=TRAINING, data_seed=5)
        self.start = self.trainer.initial(self.members)
        self.end, self.scores = self.run(self.start)

    def trunk(self, state: CohortState, until_step: int) -> CohortState:
        return self.trainer.train(state, until_step)

    def run(self, state: CohortState) -> tuple[CohortState, tuple[RungScore | None, ...]]:
        return self.trainer.train_branch(self.trunk(state, branch_start(RUNG, TRAINING)), RUNG)


@pytest.fixture(scope="module", params=list(FAMILIES.values()), ids=list(FAMILIES))
def cohort(request: pytest.FixtureRequest) -> Iterator[Cohort]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Cohort(request.param)
    torch.set_num_threads(before)


def test_every_weight_of_every_member_learns(cohort: Cohort) -> None:
    moved = cohort.layout.unpack(cohort.end.weights != cohort.start.weights)
    assert all(weight.flatten(1).any(dim=1).all() for weight in moved.values())


def test_a_member_ends_as_it_does_alone(cohort: Cohort) -> None:
    for ours, member in zip(cohort.scores, cohort.members, strict=True):
        _, (alone,) = cohort.run(CohortState.initial([member], cohort.layout))
        assert ours is not None and alone is not None
        assert ours.quality == pytest.approx(alone.quality, rel=1e-4)
        assert ours.train_loss == pytest.approx(alone.train_loss, rel=1e-4)


def test_a_member_that_diverges_leaves_the_others_bit_identical(cohort: Cohort) -> None:
    begun, others = CohortState.initial(cohort.members, cohort.layout), [0, 2, 3]
    begun.weights[1] = float("nan")
    end, scores = cohort.run(begun)
    assert end.alive.tolist() == [True, False, True, True]
    assert torch.equal(end.weights[others], cohort.end.weights[others])
    assert scores == (cohort.scores[0], None, *cohort.scores[2:])


def test_splitting_saving_and_merging_on_the_trunk_changes_no_bit(cohort: Cohort, tmp_path: Path) -> None:
    for index, part in enumerate(cohort.trunk(cohort.start, 3).split()):
        part.save(tmp_path / str(index))
    loaded = [CohortState.load(tmp_path / str(index)) for index in range(len(cohort.members))]
    end, scores = cohort.run(CohortState.merge(loaded))
    assert scores == cohort.scores
    assert torch.equal(end.weights, cohort.end.weights)
    assert torch.equal(end.second_moments, cohort.end.second_moments)
