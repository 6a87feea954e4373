"""The queue of jobs: in order, and those whose worker was lost first."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from nas.results.measurement import Outcome
from nas.search.executors.job_queue import Attempt, JobQueue
from nas.search.executors.jobs import JobResult
from tests.pretended_worker import a_job

JOBS = [a_job(Path("folder"), trials=(number,)) for number in range(4)]


def queue_of(attempts: int) -> JobQueue:
    queue = JobQueue(attempts)
    for job in JOBS:
        queue.add(job)
    return queue


def test_jobs_are_taken_in_order() -> None:
    queue = queue_of(2)
    assert [queue.take() for _ in JOBS] == [Attempt(job, 1) for job in JOBS]
    assert not queue


def test_a_lost_job_is_next_and_fails_at_its_last_attempt() -> None:
    queue = queue_of(2)
    first = queue.take()
    assert queue.lost(first, "was lost") is None
    again = queue.take()
    assert again == Attempt(JOBS[0], 2)
    result = queue.lost(again, "was lost", Outcome.OUT_OF_MEMORY)
    assert isinstance(result, JobResult) and result.job == JOBS[0]
    [measurement] = result.measurements
    assert (measurement.outcome, measurement.reason) == (Outcome.OUT_OF_MEMORY, "its worker was lost, 2 times")
    assert queue.take() == Attempt(JOBS[1], 1)


def test_a_job_that_was_asked_for_again_has_all_of_its_attempts() -> None:
    queue = JobQueue(1)
    for _ in range(2):
        queue.add(JOBS[0])
        assert queue.lost(queue.take(), "was lost")


@given(st.lists(st.sampled_from(["end", "lose", "put back"]), max_size=60), st.integers(1, 3))
def test_whatever_happens_each_job_ends_once(events: list[str], attempts: int) -> None:
    queue, ended = queue_of(attempts), []
    for event in [*events, *["end"] * len(JOBS)]:
        if not queue:
            break
        attempt = queue.take()
        assert attempt.number <= attempts
        if event == "put back":
            queue.put_back(attempt)
        elif event == "end" or queue.lost(attempt, "was lost"):
            ended.append(attempt.job)
    assert ended == JOBS
