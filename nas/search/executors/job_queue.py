"""Jobs that wait for a worker, and how often each is tried."""

from collections import Counter, deque
from dataclasses import dataclass

from nas.results.measurement import Outcome
from nas.search.executors.jobs import Job, JobResult, ProfileJob, ProfileResult


@dataclass(frozen=True, slots=True)
class Attempt:
    """A job in the hands of a worker.

    Args:
        job: what it runs.
        number: 1, or more if the workers that had it before were lost.
    """

    job: Job | ProfileJob
    number: int


class JobQueue:
    """Hands out jobs in the order in which they came, those whose worker was lost first.

    Args:
        attempts: how often a job is tried whose workers are lost.
    """

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts
        self._waiting: deque[Job | ProfileJob] = deque()
        self._lost: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, job: Job | ProfileJob) -> None:
        """Queue a job behind the others."""
        self._waiting.append(job)

    def take(self) -> Attempt:
        """The next job to run; there must be one."""
        job = self._waiting.popleft()
        return Attempt(job, self._lost[job.id] + 1)

    def put_back(self, attempt: Attempt) -> None:
        """Queue a job first that its worker never received: this was no attempt."""
        self._waiting.appendleft(attempt.job)

    def lost(self, attempt: Attempt, how: str, outcome: Outcome = Outcome.FAILED) -> JobResult | ProfileResult | None:
        """Queue a job whose worker was lost with it first, or give its result: that it cannot be run.

        Args:
            attempt: the one that was lost.
            how: what became of its worker, as the end of a sentence.
            outcome: of the job, if it was the last attempt.
        """
        job = attempt.job
        self._lost[job.id] = attempt.number
        if attempt.number < self._attempts:
            self._waiting.appendleft(job)
            return None
        del self._lost[job.id]
        reason = f"its worker {how}, {self._attempts} times"
        return job.failed(outcome, reason, f"{reason}\n")
