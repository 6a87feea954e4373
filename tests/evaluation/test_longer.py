from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from nas.errors import InputError
from nas.evaluation import scratch
from nas.evaluation.scratch import ScratchEvaluator
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.data import as_tensors
from nas.results.measurement import Measurement, Outcome
from tests.families import FAMILIES, FULL, STREAM, two_layers, window
from tests.noise_task import NoiseTask
from tests.plain_transformer import plain_transformer

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=8, mlp_ratio=2)
RUNG = 4
TRAINING = TrainingSettings(num_steps=RUNG, batch_size=4, warmup_steps=1, test_lengths=[4, 2])


class Killed(BaseException):
    """What SIGKILL would be, if Python could see it."""


def evaluator_of(task: NoiseTask) -> ScratchEvaluator:
    return ScratchEvaluator(task, PROXY, TRAINING, data_seed=3, device="cpu")


def members(*patterns: ModelPattern) -> list[Member]:
    return [Member(pattern=pattern, seed=seed, learning_rate=4e-3) for seed, pattern in enumerate(patterns)]


def lengths(measurement: Measurement) -> list[tuple[int, int]]:
    return [(one.times, one.num_tokens) for one in measurement.longer]


def test_a_window_is_measured_at_twice_the_length_as_the_plain_model_is() -> None:
    task, (member,) = NoiseTask(), members(two_layers(window(3)))
    (measurement,) = evaluator_of(task).evaluate([member], RUNG)
    assert lengths(measurement) == [(2, 32), (4, 64)]
    trainer = CohortTrainer(task=task, proxy=PROXY, training=TRAINING, data_seed=3)
    end, _ = trainer.train_branch(trainer.train(trainer.initial([member]), 3), RUNG)
    layout = layout_for(member.pattern, PROXY, task)
    weights = {name: weight[0] for name, weight in layout.unpack(end.weights).items()}
    for found in measurement.longer:
        longer = task.longer(found.times)
        assert longer is not None
        (batch,) = longer.validation_batches(100)
        tokens, targets, _ = as_tensors(batch)
        scores = torch.cat([plain_transformer(weights, member.pattern, sequence) for sequence in tokens])
        assert found.quality == pytest.approx(float(functional.cross_entropy(scores, targets.flatten())), rel=1e-5)


@pytest.mark.parametrize(
    ("family", "runs"),
    [
        ("rope", True),
        ("relative", True),
        ("alibi", True),
        ("none", True),
        ("memory", True),
        ("select", True),
        ("learned", False),
        ("low rank", False),
        ("grid", False),
        ("last", False),
    ],
)
def test_what_cannot_run_longer_is_left_out(family: str, runs: bool) -> None:
    task, pattern = FAMILIES[family].task, FAMILIES[family].patterns[0]
    (measurement,) = evaluator_of(task).evaluate(members(pattern), RUNG)
    assert measurement.outcome is Outcome.FINISHED
    assert lengths(measurement) == ([(2, 32), (4, 64)] if runs else [])


def test_a_task_that_has_no_longer_form_is_left_out() -> None:
    (measurement,) = evaluator_of(NoiseTask(fixed=True)).evaluate(members(two_layers(FULL)), RUNG)
    assert measurement.longer == ()


def test_cohorts_and_the_dead_are_told_apart() -> None:
    calm = members(two_layers(FULL), FAMILIES["learned"].patterns[0], two_layers(window(2)), two_layers(window(1)))
    wild = replace(calm[3], learning_rate=1e30)
    measurements = evaluator_of(NoiseTask()).evaluate([*calm[:3], wild], RUNG)
    assert [len(one.longer) for one in measurements] == [2, 0, 2, 0]
    (alone,) = evaluator_of(NoiseTask()).evaluate([calm[2]], RUNG)
    for ours, theirs in zip(measurements[2].longer, alone.longer, strict=True):
        assert ours.quality == pytest.approx(theirs.quality, rel=1e-4)


def test_a_call_killed_at_the_end_measures_the_same_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone, folders = members(two_layers(FULL), two_layers(window(2))), [tmp_path / "0", tmp_path / "1"]
    expected = evaluator_of(STREAM).evaluate(everyone, RUNG)

    def killed(*args: object, **options: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(scratch, "longer_qualities", killed)
        evaluator_of(STREAM).evaluate(everyone, RUNG, folders)
    again = evaluator_of(STREAM).evaluate(everyone, RUNG, folders)
    assert [one.longer for one in again] == [one.longer for one in expected]


@pytest.mark.parametrize("test_lengths", [[1], [2, 0], [2, 2]])
def test_a_length_that_is_no_longer_one_is_told(test_lengths: list[int]) -> None:
    with pytest.raises(InputError, match=r"training\.test_lengths: must hold different whole numbers of 2 or more"):
        TrainingSettings(test_lengths=test_lengths)


def test_lower_rungs_can_go_without() -> None:
    for rung, lengths in [(RUNG, 0), (2 * RUNG, 1)]:
        training = replace(TRAINING, num_steps=2 * RUNG, num_rungs=1, test_lengths=[2])
        evaluator = ScratchEvaluator(STREAM, PROXY, training, data_seed=3, device="cpu", longer_from=2 * RUNG)
        (measurement,) = evaluator.evaluate(members(two_layers(FULL)), rung)
        assert measurement.quality is not None and len(measurement.longer) == lengths
