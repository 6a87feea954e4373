"""The trainer of one device, and the executor that calls it when a result is requested."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.errors import InputError, PatternError
from nas.evaluation.scratch import ScratchEvaluator
from nas.evaluation.settings import CheckpointSettings
from nas.profiling.profiler import Profiler
from nas.results.measurement import Outcome
from nas.search.executors.jobs import Job, JobResult, ProfileJob, ProfileResult
from nas.search.executors.trainer import InlineExecutor, Trainer, environment
from nas.space.baselines import BASELINES
from tests.one_thread import one_thread as one_thread
from tests.profiles import conditions
from tests.recall_jobs import RUNG, SETUP, SHAPE, jobs
from tests.timeless import timeless


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    return Trainer(SETUP, "cpu", 1)


def test_a_job_gives_a_measurement_per_member_with_its_task(trainer: Trainer, tmp_path: Path) -> None:
    progress = []
    for job in jobs(tmp_path)[::3]:
        measured = trainer.train(job, lambda *news: progress.append(news)).measurements
        assert [one.seed for one in measured] == [member.seed for member in job.members]
        assert {(one.task, one.step) for one in measured} == {(job.task, RUNG)}
        assert {(trial, job.task, RUNG, RUNG) for trial in job.trials} <= set(progress)


def test_a_member_measures_the_same_alone_and_something_else_on_another_task(trainer: Trainer, tmp_path: Path) -> None:
    [pair, *_], [other, *_] = jobs(tmp_path)[:3], jobs(tmp_path)[3:]
    alone = first_alone(pair)
    [both, _], [one] = (timeless(trainer.train(job, lambda *_: None).measurements) for job in (pair, alone))
    assert one.quality == pytest.approx(both.quality, rel=1e-4)
    [elsewhere, _] = timeless(trainer.train(other, lambda *_: None).measurements)
    assert elsewhere.quality != both.quality


def first_alone(job: Job) -> Job:
    """Its first member alone."""
    return replace(job.split()[0], folders=(job.folders[0] / "alone",))


def test_jobs_run_in_their_order_when_a_result_is_requested(tmp_path: Path) -> None:
    trained: list[Job] = []

    class Recording:
        def run(self, job: Job, on_progress: object) -> JobResult:
            trained.append(job)
            return JobResult(job, ())

    executor = InlineExecutor(Recording())  # type: ignore[arg-type]
    first, second, *_ = jobs(tmp_path)
    executor.submit(first)
    executor.submit(second)
    assert trained == []
    assert executor.next_result(lambda *_: None).job == first and trained == [first]
    assert executor.next_result(lambda *_: None).job == second
    executor.close()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ZeroDivisionError("a defect\nof two lines"), "ZeroDivisionError: a defect of two lines"),
        (PatternError("heads", "must fit", 3), "heads: must fit, got 3."),
        (RuntimeError("x" * 5000), f"RuntimeError: {'x' * (300 - 17)}..."),
    ],
)
def test_whatever_a_job_raises_is_its_result(
    trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    job = jobs(tmp_path)[0]

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(ScratchEvaluator, "evaluate", fail)
    result = trainer.train(job, lambda *_: None)
    assert {(one.outcome, one.reason) for one in result.measurements} == {(Outcome.FAILED, reason)}
    assert [one.pattern_id for one in result.measurements] == [member.pattern.id_in_order for member in job.members]
    assert result.failure.startswith("Traceback") and "in fail" in result.failure


def test_what_has_nothing_to_do_with_a_pattern_stops_the_study(
    trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise InputError("x.pt", "must be a place with room to write", "No space left on device")

    monkeypatch.setattr(ScratchEvaluator, "evaluate", fail)
    with pytest.raises(InputError, match="No space left"):
        trainer.train(jobs(tmp_path)[0], lambda *_: None)


def test_measurements_say_what_they_were_made_with_and_of(trainer: Trainer, tmp_path: Path) -> None:
    job = jobs(tmp_path)[2]
    [*measured] = trainer.train(job, lambda *_: None).measurements
    for member, one in zip(job.members, measured, strict=True):
        assert (one.pattern_id, one.conditions) == (member.pattern.id_in_order, job.conditions)
        assert one.environment == environment(SETUP, "cpu", 1)


def test_what_decides_a_measurement_is_in_its_conditions() -> None:
    known = replace(SETUP, fingerprints={"task recall": "ab", "task recall2": "cd"})
    other = [
        replace(known, fingerprints={"task recall": "ef", "task recall2": "cd"}),
        replace(known, fingerprints={**known.fingerprints, "checkpoint": "01"}),
        replace(known, proxies={**known.proxies, "recall": replace(known.proxies["recall"], d_model=32)}),
        replace(known, training=replace(known.training, batch_size=8)),
        replace(known, evaluation=CheckpointSettings()),
    ]
    assert len({one.conditions("recall") for one in [known, *other]}) == 6
    assert known.conditions("recall") != known.conditions("recall2") == other[0].conditions("recall2")


def profile_job(**changes: Any) -> ProfileJob:
    under = conditions(**({"num_layers": 1, "num_heads": 2, "num_kv_heads": 2} | changes))
    return ProfileJob(trial=3, pattern=BASELINES["longformer"](SHAPE), conditions=under)


def test_a_pattern_is_measured_under_the_conditions_of_its_job(trainer: Trainer) -> None:
    executor = InlineExecutor(trainer)
    executor.submit(job := profile_job())
    result = executor.next_result(lambda *_: None)
    assert isinstance(result, ProfileResult) and result.profile is not None
    assert (result.job, result.outcome, result.failure) == (job, Outcome.FINISHED, "")
    assert (result.profile.pattern_id, result.profile.conditions) == (job.pattern.id, job.conditions)
    assert result.profile.latency_ms > 0 and result.profile.peak_memory_bytes > 0


def test_a_layer_is_measured_once_by_a_worker(trainer: Trainer) -> None:
    assert trainer.profile(profile_job()) == trainer.profile(profile_job()), "no two timings are the same"


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (MemoryError("no room"), Outcome.OUT_OF_MEMORY, ""),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), Outcome.OUT_OF_MEMORY, ""),
        (ZeroDivisionError("a defect"), Outcome.FAILED, "ZeroDivisionError: a defect"),
    ],
)
def test_a_pattern_that_cannot_be_measured_is_a_result(
    trainer: Trainer, error: Exception, outcome: Outcome, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Profiler, "profiles", fail)
    result = trainer.profile(profile_job())
    assert (result.profile, result.outcome, result.reason) == (None, outcome, reason)
    assert result.failure.startswith("Traceback")
