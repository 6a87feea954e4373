import math

import pytest
import torch

from nas.proxy.training.scoring import Tally, loss_sums, num_scored
from nas.tasks.task import IGNORED_TARGET

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
