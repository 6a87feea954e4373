import math
from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.data import as_tensors
from nas.proxy.training.metrics import RungScore, Tally, loss_sums, num_scored, validate
from nas.tasks.task import IGNORED_TARGET, Task
from tests.families import FAMILIES, STREAM, two_layers, window
from tests.plain_transformer import plain_transformer

Trained = Callable[..., tuple[CohortState, tuple[RungScore | None, ...]]]
TRAINING = TrainingSettings(num_steps=4, batch_size=8, warmup_steps=1)
TARGETS = torch.tensor([[2, IGNORED_TARGET], [0, 1]])


def test_a_member_that_knows_nothing_pays_the_logarithm_of_the_vocabulary_for_every_scored_target() -> None:
    losses = loss_sums(torch.zeros(2, 4, 3), TARGETS)
    assert losses.tolist() == pytest.approx([3 * math.log(3)] * 2)
    assert num_scored(TARGETS) == 3


def test_a_tally_keeps_members_apart_and_weighs_targets_equally() -> None:
    sure = torch.full((1, 4, 3), -50.0)
    for place, target in ((0, 2), (2, 0), (3, 1)):
        sure[0, place, target] = 50.0
    scores = torch.cat([sure, -sure])
    tally = Tally(2, torch.device("cpu"))
    tally.add(scores, TARGETS)
    tally.add(scores[:, :2], TARGETS[:1])
    assert tally.accuracies() == pytest.approx([1.0, 0.0])
    assert tally.losses()[0] == pytest.approx(0.0, abs=1e-6)
    assert tally.losses()[1] == pytest.approx(100 + math.log(2), rel=1e-4)


def test_one_target_a_sequence_is_scored_as_one_a_place_is() -> None:
    scores = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0))
    flat = TARGETS.flatten()
    assert torch.equal(loss_sums(scores, flat), loss_sums(scores, TARGETS))
    tallies = [Tally(2, torch.device("cpu")) for _ in range(2)]
    for tally, targets in zip(tallies, (flat, TARGETS), strict=True):
        tally.add(scores, targets)
    assert tallies[0].accuracies() == tallies[1].accuracies()
    assert num_scored(flat) == 3


def test_a_batch_where_nothing_is_asked_has_no_loss() -> None:
    nothing = torch.full((2, 2), IGNORED_TARGET)
    assert (loss_sums(torch.zeros(1, 4, 3), nothing) / num_scored(nothing)).tolist() == [0.0]


@pytest.fixture
def trained(proxy: ProxySettings) -> Trained:
    def trained(task: Task, *patterns: ModelPattern) -> tuple[CohortState, tuple[RungScore | None, ...]]:
        members = [Member(pattern=pattern, seed=seed, learning_rate=4e-3) for seed, pattern in enumerate(patterns)]
        trainer = CohortTrainer(task=task, proxy=proxy, training=TRAINING, data_seed=0)
        return trainer.train_branch(trainer.train(trainer.initial(members), 3), 4)

    return trained


@pytest.mark.parametrize("name", ["rope", "memory", "grid", "last"])
def test_it_finds_what_the_validation_at_a_rung_found(name: str, trained: Trained, proxy: ProxySettings) -> None:
    family = FAMILIES[name]
    state, scores = trained(family.task, *family.patterns)
    found = validate(state, family.task, proxy, device="cpu")
    assert found == tuple(score and score.quality for score in scores)


def test_twice_the_length_is_that_of_the_plain_model_with_the_same_weights(
    trained: Trained, proxy: ProxySettings
) -> None:
    patterns = (two_layers(window(3), memory=(4, 16)), two_layers(window(40), window(2), memory=(0, 1)))
    (state, _), longer = trained(STREAM, *patterns), STREAM.longer(2)
    assert longer is not None
    tokens, targets, context = as_tensors(next(longer.validation_batches(100)))
    assert context is not None
    weights = layout_for(patterns[0], proxy, STREAM).unpack(state.weights)
    for index, found in enumerate(validate(state, longer, proxy, device="cpu")):
        own = {name: weight[index] for name, weight in weights.items()}
        scores = torch.stack(
            [
                plain_transformer(own, patterns[index], sequence, before)
                for sequence, before in zip(tokens, context, strict=True)
            ]
        )
        expected = functional.cross_entropy(scores.flatten(0, 1), targets.flatten())
        assert found == pytest.approx(float(expected), rel=1e-5)
