"""The trainer of one device, and the executor that calls it when a result is requested."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.search.executors.jobs import Job, JobResult
from nas.search.executors.trainer import InlineExecutor, Trainer
from tests.one_thread import one_thread as one_thread
from tests.recall_jobs import RUNG, SETUP, jobs
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
        def train(self, job: Job, on_progress: object) -> JobResult:
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
