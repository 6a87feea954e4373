from dataclasses import replace

import pytest
import torch
from shared_weights.sandwich import Sandwich
from shared_weights.supernet import SupernetModule, divergence, train_supernet
from torch import Tensor

from nas.errors import InputError
from nas.patterns.model import ModelPattern
from nas.proxy.network.model import CohortTransformer
from nas.proxy.training.data import as_tensors
from nas.proxy.training.metrics import loss_sums, num_scored
from nas.tasks.language.text import TextTask
from tests.tiny_supernet import ENDS, NAIVE, NARROW, POOL, PROXY, TRAINING, WIDE, initial, shared, trained


def gradient(task: TextTask, patterns: tuple[ModelPattern, ...], distil: bool = False) -> Tensor:
    """Of the first step's loss of a supernet that trains these patterns."""
    sandwich = Sandwich(pool=patterns, num_random=0, seed=0, always=patterns)
    module = SupernetModule(
        initial(task), sandwich, task, PROXY, TRAINING, distil=distil, backend="auto", on_step=lambda: None
    )
    module.loss(as_tensors(task.train_batch(0, 4, 2))).backward()
    assert module.row.grad is not None
    return module.row.grad


@pytest.mark.parametrize(("sandwich", "distil"), [(NAIVE, False), (ENDS, False), (ENDS, True)])
def test_the_weights_learn_for_every_pattern(text: TextTask, sandwich: Sandwich, distil: bool) -> None:
    before = shared(text, initial(text)).score(POOL)
    after = shared(text, trained(text, sandwich, distil=distil)).score(POOL)
    assert all(late < early - 2 for early, late in zip(before, after, strict=True))


def test_the_same_seeds_give_the_same_bits(text: TextTask) -> None:
    row = trained(text, ENDS, 8, distil=True)
    assert torch.equal(row, trained(text, ENDS, 8, distil=True))
    others = (
        trained(text, ENDS, 8),
        trained(text, replace(ENDS, seed=6), 8, distil=True),
        train_supernet(ENDS, text, PROXY, replace(TRAINING, num_steps=8), seed=2, data_seed=2, distil=True),
        train_supernet(ENDS, text, PROXY, replace(TRAINING, num_steps=8), seed=1, data_seed=3, distil=True),
    )
    assert not any(torch.equal(row, other) for other in others)


def test_one_pattern_alone_learns_as_a_member_does(text: TextTask) -> None:
    alone = Sandwich(pool=(NARROW,), num_random=1, seed=0)
    row = trained(text, alone, 10)
    training = replace(TRAINING, num_steps=10)
    fresh = shared(text, initial(text))
    (quality,) = fresh.fine_tune([NARROW], training, data_seed=2)
    assert quality == pytest.approx(shared(text, row).score([NARROW])[0], rel=1e-6)


@pytest.mark.parametrize("patterns", [(WIDE, NARROW), (NARROW, *POOL)])
def test_the_gradient_is_the_mean_of_the_patterns_own(text: TextTask, patterns: tuple[ModelPattern, ...]) -> None:
    tokens, targets, _ = as_tensors(text.train_batch(0, 4, 2))
    model = CohortTransformer(initial(text).repeat(len(patterns), 1), patterns, PROXY, text)
    (loss_sums(model(tokens), targets) / num_scored(targets)).sum().backward()
    assert model.rows.grad is not None
    torch.testing.assert_close(
        gradient(text, patterns), model.rows.grad.mean(dim=0, keepdim=True), rtol=1e-4, atol=1e-7
    )


def test_a_teacher_learns_from_the_targets_alone(text: TextTask) -> None:
    """What the others learn from it pulls at them, not at it: full attention that learns from itself stays as it is."""
    torch.testing.assert_close(
        2 * gradient(text, (WIDE, WIDE), distil=True), gradient(text, (WIDE,)), rtol=1e-4, atol=1e-7
    )


def test_the_divergence_is_that_of_the_scored_places() -> None:
    generator = torch.Generator().manual_seed(0)
    scores, teacher = torch.randn(2, 1, 6, 5, generator=generator)
    targets = torch.tensor([[0, -100, 2], [-100, 1, 4]])
    by_hand = 0.0
    for place in (0, 2, 4, 5):
        wanted, given = teacher[0, place].softmax(0), scores[0, place].softmax(0)
        by_hand += float((wanted * (wanted / given).log()).sum()) / 4
    assert float(divergence(scores, teacher, targets)) == pytest.approx(by_hand, rel=1e-5)
    assert float(divergence(teacher, teacher, targets)) == pytest.approx(0, abs=1e-6)


def test_distillation_brings_the_sparsest_closer_to_full_attention(text: TextTask) -> None:
    tokens, targets, _ = as_tensors(next(text.validation_batches(16)))

    def distance(row: Tensor) -> float:
        with torch.no_grad():
            full, sparse = (CohortTransformer(row, [pattern], PROXY, text)(tokens) for pattern in (WIDE, NARROW))
            return float(divergence(sparse, full, targets))

    assert distance(trained(text, ENDS, distil=True)) < distance(trained(text, ENDS))


def test_weights_that_diverge_are_told(text: TextTask) -> None:
    wild = replace(TRAINING, num_steps=4, learning_rate=1e30, warmup_steps=0)
    with pytest.raises(InputError, match=r"training\.learning_rate: must keep the shared weights finite, got 1e\+30"):
        train_supernet(ENDS, text, PROXY, wild, seed=1, data_seed=2)
