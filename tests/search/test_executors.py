"""Inline and side by side: the same jobs, the same measurements."""

from contextlib import suppress
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from msgspec import structs

from nas.errors import InputError, StudyError
from nas.evaluation.settings import ScratchSettings
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import Member
from nas.results.measurement import Measurement, Outcome
from nas.search.devices import choose_cohort_size, choose_devices, num_cores
from nas.search.executors import processes
from nas.search.executors.jobs import Executor, Job, Setup
from nas.search.executors.processes import ATTEMPTS, ProcessExecutor
from nas.search.executors.trainer import InlineExecutor, Trainer
from nas.search.settings import StudySettings
from nas.search_spaces.hybrid import Hybrid
from nas.space.baselines import BASELINES
from nas.space.space import Shape
from nas.tasks.synthetic.recall import RecallSettings

RUNG = 3
SETUP = Setup(
    evaluation=ScratchSettings(),
    checkpoint=None,
    tasks={
        "recall": RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=8),
        "recall2": RecallSettings(num_tokens=24, vocab_size=12, num_pairs=2, validation_sequences=8),
    },
    proxy=ProxySettings(num_layers=1, num_heads=2, d_model=16),
    training=TrainingSettings(num_steps=6, num_rungs=2, batch_size=4),
)
SHAPE = Shape(num_layers=1, num_heads=2, num_tokens=16, causal=True)


def jobs(folder: Path) -> list[Job]:
    members = [Member(pattern=BASELINES[name](SHAPE), seed=1, learning_rate=1e-3) for name in Hybrid.baselines]
    cohorts = [(0, 1), (2,), (3, 4, 5)]
    return [
        Job(
            trials=numbers,
            folders=tuple(folder / str(number) for number in numbers),
            members=tuple(members[number] for number in numbers),
            task=task,
            rung=RUNG,
            seed=1,
        )
        for task in SETUP.tasks
        for numbers in cohorts
    ]


Training = tuple[int, str]
"""A trial's number and a task."""


def run(executor: Executor, folder: Path) -> tuple[dict[Training, Measurement], set[Training]]:
    """Measurements without their times, and the trainings whose progress was told."""
    results: dict[Training, Measurement] = {}
    told: set[Training] = set()
    for job in jobs(folder):
        executor.submit(job)
    for _ in jobs(folder):
        result = executor.next_result(lambda trial, task, *_: told.add((trial, task)))
        for number, measurement in zip(result.job.trials, result.measurements, strict=True):
            assert (measurement.task, measurement.step) == (result.job.task, RUNG)
            results[number, measurement.task] = structs.replace(measurement, wall_seconds=0.0)
    executor.close()
    return results, told


@pytest.mark.slow
def test_workers_measure_what_one_process_measures(tmp_path: Path) -> None:
    inline, told_inline = run(InlineExecutor(Trainer(SETUP, "cpu", 1)), tmp_path / "inline")
    spread, told_spread = run(ProcessExecutor(SETUP, ["cpu", "cpu"], 1), tmp_path / "spread")
    assert sorted(inline) == [(trial, task) for trial in range(6) for task in SETUP.tasks]
    assert spread == inline
    assert told_inline == told_spread == set(inline)


class Doomed:
    """A process that takes a job and dies, with or without last words."""

    def __init__(self, pipe: "Connection[Any, Any]", last_words: tuple[str, str] | None = None) -> None:
        Thread(target=self._take_and_die, args=(pipe, last_words)).start()

    def _take_and_die(self, pipe: "Connection[Any, Any]", last_words: tuple[str, str] | None) -> None:
        with pipe, suppress(EOFError):
            pipe.recv()
            if last_words is not None:
                pipe.send(last_words)

    def kill(self) -> None:
        """Ends when its pipe is closed, if not before."""

    def join(self) -> None:
        """Nothing of it is left to wait for."""


def test_every_job_of_a_trial_has_its_own_attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that died in the search must not cost a try of the same trial's further seeds."""
    started: list[str] = []

    def start(executor: ProcessExecutor, device: str) -> Any:
        started.append(device)
        ours, theirs = Pipe()
        return processes._Worker(device, Doomed(theirs), ours)  # type: ignore[arg-type]

    monkeypatch.setattr(ProcessExecutor, "_start", start)
    executor = ProcessExecutor(SETUP, ["cpu"], 1)
    [_, job, *_] = jobs(tmp_path)
    for seed in (1, 2):
        executor.submit(replace(job, seed=seed))
        [measurement] = executor.next_result(lambda *_: None).measurements
        assert (measurement.outcome, measurement.step) == (Outcome.OUT_OF_MEMORY, RUNG)
        assert len(started) == 1 + ATTEMPTS * seed
    executor.close()


@pytest.mark.parametrize(
    ("last_words", "error"),
    [(("refused", "x.pt: no room"), StudyError), (("failed", "Traceback: a defect"), RuntimeError)],
)
def test_what_a_worker_says_at_its_end_reaches_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last_words: tuple[str, str], error: type[Exception]
) -> None:
    """What can be mended as its own line, a defect with its traceback."""

    def start(executor: ProcessExecutor, device: str) -> Any:
        ours, theirs = Pipe()
        return processes._Worker(device, Doomed(theirs, last_words), ours)  # type: ignore[arg-type]

    monkeypatch.setattr(ProcessExecutor, "_start", start)
    executor = ProcessExecutor(SETUP, ["cpu"], 1)
    executor.submit(jobs(tmp_path)[0])
    with pytest.raises(error, match=f"{last_words[1]}$"):
        executor.next_result(lambda *_: None)
    executor.close()


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
