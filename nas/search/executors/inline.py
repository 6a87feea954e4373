"""Jobs one after the other in the driver's own process: one device, easy to debug."""

from collections import deque

from nas.search.executors.jobs import Job, JobResult, OnProgress
from nas.search.executors.training import Trainer


class InlineExecutor:
    """Trains a job when its result is asked for.

    Args:
        trainer: does the work.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._queue: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Queue a job."""
        self._queue.append(job)

    def next_result(self, on_progress: OnProgress) -> JobResult:
        """Train the oldest job."""
        job = self._queue.popleft()
        return JobResult(job, self._trainer.train(job, on_progress))

    def close(self) -> None:
        """Nothing runs between calls."""
