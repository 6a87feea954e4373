"""Inline and side by side: the same jobs, the same measurements."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.errors import InputError
from nas.evaluation.measurement import Measurement
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.search.executors.choose import choose_cohort_size, choose_devices, num_cores
from nas.search.executors.inline import InlineExecutor
from nas.search.executors.processes import ProcessExecutor
from nas.search.executors.training import Trainer
from nas.search.jobs import Executor, Job, Setup
from nas.search.settings import StudySettings
from nas.space.baselines import BASELINES
from nas.space.space import Shape
from nas.tasks.recall import RecallSettings

SETUP = Setup(
    task=RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=8),
    proxy=ProxySettings(num_layers=1, num_heads=2, d_model=16),
    training=TrainingSettings(num_steps=6, num_checks=2, batch_size=4),
)
SHAPE = Shape(num_layers=1, num_heads=2, num_tokens=16, causal=True)


def jobs(folder: Path) -> list[Job]:
    members = [Member(pattern=make(SHAPE), seed=1, learning_rate=1e-3) for make in BASELINES.values()]
    cohorts = [(0, 1), (2,), (3, 4, 5)]
    return [
        Job(
            trials=numbers,
            folders=tuple(folder / str(number) for number in numbers),
            members=tuple(members[number] for number in numbers),
            seed=1,
        )
        for numbers in cohorts
    ]


def run(executor: Executor, folder: Path) -> tuple[dict[int, Measurement], set[int]]:
    """Measurements by trial, without their times, and the trials whose progress was told."""
    results: dict[int, Measurement] = {}
    told: set[int] = set()
    for job in jobs(folder):
        executor.submit(job)
    for _ in jobs(folder):
        result = executor.next_result(lambda trial, *_: told.add(trial))
        for number, measurement in zip(result.job.trials, result.measurements, strict=True):
            results[number] = replace(measurement, wall_seconds=0.0)
    executor.close()
    return results, told


@pytest.mark.slow
def test_workers_measure_what_one_process_measures(tmp_path: Path) -> None:
    inline, told_inline = run(InlineExecutor(Trainer(SETUP, "cpu", 1)), tmp_path / "inline")
    spread, told_spread = run(ProcessExecutor(SETUP, ["cpu", "cpu"], 1), tmp_path / "spread")
    assert sorted(inline) == list(range(6))
    assert spread == inline
    assert told_inline == told_spread == set(range(6))


def test_devices_and_cohorts_fit_the_machine() -> None:
    assert choose_devices(StudySettings(device="cpu")) == ["cpu"] * num_cores()
    assert choose_devices(StudySettings(device="cpu", workers=3)) == ["cpu"] * 3
    assert choose_cohort_size(StudySettings(), ["cpu"]) == 1
    assert choose_cohort_size(StudySettings(), ["cuda:0"]) > 1
    assert choose_cohort_size(StudySettings(cohort_size=5), ["cpu"]) == 5


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "cuda:99", "CPU"])
def test_a_device_that_is_not_here_is_refused(device: str) -> None:
    with pytest.raises(InputError, match=r"^device: must be"):
        choose_devices(StudySettings(device=device))
