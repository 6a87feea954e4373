"""The arithmetic behind preset=gpu, and that its proxy trains."""

import re
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from nas.config.load import load_settings
from nas.config.settings import RunSettings
from nas.costs.counting import count_cost
from nas.proxy.member import Member
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.report.progress.workload import Workload
from nas.search.observers import study_plan
from nas.search.problem.problem import make_problem
from nas.search.settings import StudySettings
from nas.space.random_suggester import RandomSuggester

ROOT = Path(__file__).parents[2]
PEAK, SHARE = 989e12, 0.05
"""FLOP/s of an H200 in bfloat16 without sparsity, by its data sheet, and the share of it that is assumed."""


@pytest.fixture(scope="module")
def settings() -> RunSettings:
    (settings,) = load_settings(["preset=gpu", "device=cpu", "tracking=none"])
    return settings


def test_it_is_of_the_scale_of_a_gpu(settings: StudySettings) -> None:
    proxy = settings.proxy
    assert make_problem(settings).task.num_tokens >= 2048 and 6 <= proxy.num_layers <= 8
    assert proxy.d_model // proxy.num_heads == 64
    assert settings.confirm_seeds >= 1


def tokens_a_parameter(settings: StudySettings) -> float:
    """Trained on in a run to the last rung."""
    problem, training = make_problem(settings), settings.training
    target = settings.proxy.target(problem.task.num_tokens, problem.task.vocab_size)
    num_parameters = count_cost(problem.baselines["full"], target).num_parameters
    return training.num_steps * training.batch_size * problem.task.num_tokens / num_parameters


def test_it_trains_further_than_the_default_search(settings: StudySettings) -> None:
    """How far training has come decides a ranking more than the size of the model (docs/transfer.md)."""
    (default,) = load_settings(["device=cpu", "tracking=none"])
    assert tokens_a_parameter(settings) > 1.5 * tokens_a_parameter(default)


@pytest.mark.parametrize("page", ["conf/preset/gpu.yaml", "docs/studies.md"])
def test_what_is_said_of_its_size_is_what_comes_out(page: str, settings: StudySettings) -> None:
    problem = make_problem(settings)
    target = settings.proxy.target(problem.task.num_tokens, problem.task.vocab_size)
    drawn = [problem.sample(RandomSuggester(seed)) for seed in range(100)]
    sequence = fmean(count_cost(pattern, target).train_flops for pattern in drawn)
    step = sequence * settings.training.batch_size
    steps = Workload(study_plan(settings, problem), problem.scores, []).expected
    said = " ".join((ROOT / page).read_text().replace("#", "").split())
    for number, unit in (
        (sequence / 1e9, "GFLOP"),
        (step / 1e12, "TFLOP"),
        (steps, "(?:such )?steps"),
        (steps * step / 1e15, "PFLOP"),
        (tokens_a_parameter(settings), "tokens (?:a parameter|for each)"),
        (steps * step / (PEAK * SHARE) / 60, "minutes"),
    ):
        found = [float(text.replace(",", "")) for text in re.findall(rf"([\d.,]*\d) {unit}", said)]
        assert any(one == pytest.approx(number, rel=0.01) for one in found), (number, unit, found)


@pytest.mark.slow
def test_its_proxy_takes_two_steps(settings: StudySettings) -> None:
    """One sequence at a time, on a CPU; the second loss is finite, or the member would be dead."""
    problem = make_problem(settings)
    one_at_a_time = replace(settings.training, batch_size=1)
    trainer = CohortTrainer(task=problem.task, proxy=settings.proxy, training=one_at_a_time, data_seed=0)
    member = Member(pattern=problem.sample(RandomSuggester(0)), seed=0, learning_rate=settings.training.learning_rate)
    state = trainer.train(trainer.initial([member]), 2)
    assert state.step == 2 and state.any_alive()
