import random
from dataclasses import replace
from math import log2

import pytest
import torch
from families import FULL, two_layers, window
from plain_transformer import plain_transformer
from torch import Tensor
from torch.nn import functional

from nas.errors import InputError, PatternError
from nas.evaluation.calibration import calibrated, window_features
from nas.evaluation.shared import SharedWeights
from nas.patterns.model import ModelPattern
from nas.proxy.network.layout import layout_for
from nas.proxy.network.model import CohortTransformer
from nas.proxy.sandwich import Sandwich
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.state.member import Member
from nas.proxy.supernet import SupernetModule, divergence, train_supernet
from nas.proxy.training.scoring import loss_sums, num_scored
from nas.proxy.training.validation import validate
from nas.tasks.language.text import TextSettings, TextTask

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=16, mlp_ratio=2)
TRAINING = TrainingSettings(num_steps=60, batch_size=4, learning_rate=1e-2, warmup_steps=6)
TUNING = replace(TRAINING, num_steps=16, learning_rate=3e-3, warmup_steps=2)
WIDE, NARROW = two_layers(FULL), two_layers(window(1))
POOL = (NARROW, two_layers(window(3)), two_layers(window(8)), two_layers(window(2), FULL), WIDE)
NAIVE = Sandwich(pool=POOL, num_random=1, seed=5)
ENDS = Sandwich(pool=POOL, num_random=2, seed=5, always=(WIDE, NARROW))


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> TextTask:
    words = ["query", "key", "value", "head", "layer", "token", "window", "stride", "block", "column"]
    draw = random.Random(0)
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    path.write_text(" ".join(draw.choice(words) for _ in range(4000)))
    return TextTask(TextSettings(path=str(path), num_tokens=32, validation_sequences=16))


def trained(task: TextTask, sandwich: Sandwich, num_steps: int = 60, **options: bool) -> Tensor:
    training = replace(TRAINING, num_steps=num_steps)
    return train_supernet(sandwich, task, PROXY, training, seed=1, data_seed=2, **options)


def initial(task: TextTask) -> Tensor:
    return layout_for(WIDE, PROXY, task).initial_row(1)[None]


def shared(task: TextTask, row: Tensor, cohort_size: int = 1) -> SharedWeights:
    return SharedWeights(row, task, PROXY, cohort_size=cohort_size)


def state_of(row: Tensor, pattern: ModelPattern) -> CohortState:
    """A state that knows nothing but weights."""
    member = Member(pattern=pattern, seed=0, learning_rate=0.0)
    nothing = torch.zeros_like(row)
    return CohortState((member,), 0, row, nothing, nothing, torch.ones(1, dtype=torch.bool), (0.0,))


def gradient(task: TextTask, patterns: tuple[ModelPattern, ...], distil: bool = False) -> Tensor:
    """Of the first step's loss of a supernet that trains these patterns."""
    sandwich = Sandwich(pool=patterns, num_random=0, seed=0, always=patterns)
    module = SupernetModule(initial(task), sandwich, task, PROXY, TRAINING, distil=distil, backend="auto")
    batch = task.train_batch(0, 4, 2)
    module.training_step((batch.tokens, batch.targets, batch.context)).backward()
    assert module.row.grad is not None
    return module.row.grad


def test_a_step_has_its_fixed_patterns_and_draws_of_its_own() -> None:
    steps = [ENDS.at(step) for step in range(50)]
    assert steps == [ENDS.at(step) for step in range(50)]
    assert all(patterns[:2] == (WIDE, NARROW) and len(set(patterns[2:])) == 2 for patterns in steps)
    assert {pattern for patterns in steps for pattern in patterns[2:]} == set(POOL)
    assert steps != [replace(ENDS, seed=6).at(step) for step in range(50)]
    assert (NAIVE.size, ENDS.size) == (1, 4)


@pytest.mark.parametrize(("always", "num_random"), [((), 0), ((), 6), ((WIDE,), -1)])
def test_a_sandwich_without_a_filling_is_told(always: tuple[ModelPattern, ...], num_random: int) -> None:
    with pytest.raises(InputError, match="num_random: must be"):
        Sandwich(pool=POOL, num_random=num_random, seed=0, always=always)


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
    batch = text.train_batch(0, 4, 2)
    model = CohortTransformer(initial(text).repeat(len(patterns), 1), patterns, PROXY, text)
    (loss_sums(model(batch.tokens), batch.targets) / num_scored(batch.targets)).sum().backward()
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
    (batch,) = text.validation_batches(16)

    def distance(row: Tensor) -> float:
        with torch.no_grad():
            full, sparse = (CohortTransformer(row, [pattern], PROXY, text)(batch.tokens) for pattern in (WIDE, NARROW))
            return float(divergence(sparse, full, batch.targets))

    assert distance(trained(text, ENDS, distil=True)) < distance(trained(text, ENDS))


@pytest.mark.parametrize("cohort_size", [1, 3])
def test_a_score_is_the_validation_of_the_pattern_with_the_weights(text: TextTask, cohort_size: int) -> None:
    row = trained(text, ENDS, 8)
    layout = layout_for(WIDE, PROXY, text)
    weights = {name: weight[0] for name, weight in layout.unpack(row).items()}
    (batch,) = text.validation_batches(16)
    for pattern, score in zip(POOL, shared(text, row, cohort_size).score(POOL), strict=True):
        assert score == pytest.approx(validate(state_of(row, pattern), text, PROXY, 4, device="cpu")[0], rel=1e-5)
        plain = torch.cat([plain_transformer(weights, pattern, tokens) for tokens in batch.tokens])
        assert score == pytest.approx(text.quality(float(functional.cross_entropy(plain, batch.targets.flatten())), 0))


def test_fine_tuning_starts_from_the_shared_weights(text: TextTask) -> None:
    weights, some = shared(text, trained(text, ENDS, 30)), (NARROW, WIDE)
    scores = weights.score(some)
    still = weights.fine_tune(some, replace(TRAINING, num_steps=1, learning_rate=0.0), data_seed=9)
    assert still == pytest.approx(scores, rel=1e-6)
    moved = weights.fine_tune(some, TUNING, data_seed=9)
    assert all(quality is not None and quality < score for quality, score in zip(moved, scores, strict=True))
    assert moved == weights.fine_tune(some, TUNING, data_seed=9)
    assert weights.score(some) == scores


def test_who_diverges_while_fine_tuned_has_no_quality(text: TextTask) -> None:
    wild = replace(TRAINING, num_steps=4, learning_rate=1e30, warmup_steps=0)
    assert shared(text, initial(text), cohort_size=2).fine_tune([WIDE, NARROW], wild, data_seed=0) == (None, None)


def test_weights_that_diverge_are_told(text: TextTask) -> None:
    wild = replace(TRAINING, num_steps=4, learning_rate=1e30, warmup_steps=0)
    with pytest.raises(InputError, match=r"training\.learning_rate: must keep the shared weights finite, got 1e\+30"):
        train_supernet(ENDS, text, PROXY, wild, seed=1, data_seed=2)


def test_patterns_that_cannot_share_are_told(text: TextTask) -> None:
    learned = two_layers(FULL, position="learned")
    with pytest.raises(InputError, match="patterns: must all have the same weights, got '2 layouts'"):
        trained(text, replace(ENDS, pool=(*POOL, learned)), 1)
    with pytest.raises(PatternError, match="causal: must be True"):
        shared(text, initial(text)).score([two_layers(FULL, causal=False)])


def test_features_are_the_keys_of_a_query() -> None:
    wide, narrow, mixed = window_features([WIDE, NARROW, two_layers(window(1), FULL)], 32).tolist()
    assert wide == pytest.approx([log2(33 / 2)] * 2)
    assert narrow == pytest.approx([log2(63 / 32)] * 2)
    assert mixed == pytest.approx([log2((33 / 2 + 63 / 32) / 2)] * 2)


def test_a_calibration_finds_a_law_and_trusts_little_by_itself() -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(40, 2, generator=generator).double()
    truths = (3 - 2 * inputs[:, 0]).numpy()
    known = [1, 5, 9, 20, 33]
    found = calibrated(inputs.numpy(), known, truths[known], penalty=1e-9)
    assert found.tolist() == pytest.approx(truths.tolist(), abs=1e-6)
    calm = calibrated(inputs.numpy(), known, truths[known], penalty=1e9)
    assert calm.tolist() == pytest.approx([truths[known].mean()] * 40, abs=1e-6)
    constant = inputs.clone()
    constant[:, 1] = 7
    assert calibrated(constant.numpy(), known, truths[known]).shape == (40,)
