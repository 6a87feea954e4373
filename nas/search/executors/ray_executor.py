"""Jobs on a Ray cluster: an actor per lane, which may come and go while the search runs.

Ray places actors and carries messages; it repeats nothing of its own. Whether a job is tried again is decided here, by
what came back. How many lanes a study has is fixed, so that it comes out the same however many of them have found a
place on the cluster.
"""

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError

from nas.errors import NasError, StudyError
from nas.files import write_text
from nas.search.executor_settings import RaySettings
from nas.search.executors.checkpoint_files import apply, read_files
from nas.search.executors.job_queue import Attempt, JobQueue
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob, ProfileResult, Setup
from nas.search.executors.lane import BEAT_SECONDS, Beat, Greeting, Lane
from nas.search.executors.processes import Work
from nas.search.executors.ray_cluster import connect, disconnect
from nas.search.executors.worker_process import work

ATTEMPTS = 5
"""How often a job is tried whose lane is lost, with its node or by itself. A job that makes its worker die is tried
less often, by the lane."""
START_SECONDS = 60.0
"""How long a search waits for its first lane at least, in seconds."""
SILENT_SECONDS = 60 * BEAT_SECONDS
"""How long a lane with a job may be silent before it is given up, in seconds."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lane:
    actor: Any
    pending: Any
    """What it will say next, a Greeting or Beats; None while it has nothing to do."""
    attempt: Attempt | None = None
    begun: bool = False
    """Whether it has said anything of the attempt."""
    shares: bool = False
    heard: float = 0.0


class RayExecutor:
    """Lanes that train jobs on a Ray cluster.

    Args:
        setup: what all jobs have in common.
        devices: one lane for each entry (cpu, cuda:0).
        settings: which cluster, and what a job takes of it.
        stall_seconds: how long a worker may report nothing about its job, and how long a search goes on without any
            lane, in seconds.
        folder: of the study; workers that see it read and write checkpoints there.
        work: what a worker process runs.

    Raises:
        InputError: there is no such cluster.
    """

    def __init__(
        self,
        setup: Setup,
        devices: Sequence[str],
        settings: RaySettings,
        stall_seconds: float,
        folder: Path,
        work: Work = work,
    ) -> None:
        self._stall_seconds = stall_seconds
        self._queue = JobQueue(ATTEMPTS)
        self._results: deque[JobResult | ProfileResult] = deque()
        self._token = token_hex(16)
        self._probe = folder.resolve() / f".probe.{int(self._token, 16)}.tmp"  # removed with what is unfinished
        connect(settings, len(devices))
        try:
            write_text(self._probe, self._token)
            needs: dict[str, Any] = {"num_cpus": settings.cpus_per_job, "num_gpus": settings.gpus_per_job}
            self._actors = ray.remote(Lane).options(**needs, max_restarts=0, max_task_retries=0)
            shared = ray.put(setup)
            self._arguments = (shared, devices[0], settings.cpus_per_job, stall_seconds, work, Path.cwd())
            self._lanes = [self._start() for _ in devices]
        except BaseException:
            disconnect()
            raise
        self._alive = time.monotonic()
        """When a lane was last known to live."""

    def submit(self, job: Job | ProfileJob) -> None:
        """Give a job to a free lane, or queue it."""
        self._queue.add(job)
        self._dispatch()

    def next_result(self, on_progress: OnProgress) -> JobResult | ProfileResult:
        """Wait for the next job to end, reporting the progress of all meanwhile.

        Raises:
            StudyError: a worker refuses, or no lane has found a place for too long.
        """
        while not self._results:
            for lane in self._ready():
                self._receive(lane, on_progress)
            self._give_up_silent()
        return self._results.popleft()

    def close(self) -> None:
        """Stop all lanes at once."""
        while self._lanes:
            ray.kill(self._lanes.pop().actor)
        self._probe.unlink(missing_ok=True)
        disconnect()

    def _start(self) -> _Lane:
        actor: Any = self._actors.remote(*self._arguments)
        return _Lane(actor, actor.greet.remote(self._probe, self._token))

    def _dispatch(self) -> None:
        for lane in self._lanes:
            if lane.pending is None and self._queue:
                attempt = lane.attempt = self._queue.take()
                lane.begun, lane.heard = False, time.monotonic()
                job, files = attempt.job, None
                if isinstance(job, Job):
                    job = job.as_data()
                    files = None if lane.shares else [read_files(folder) for folder in job.folders]
                lane.pending = lane.actor.run.options(num_returns="streaming").remote(job, files)

    def _ready(self) -> list[_Lane]:
        """The lanes that say something, after a beat at most."""
        waiting = {lane.pending: lane for lane in self._lanes if lane.pending is not None}
        ready, rest = ray.wait(list(waiting), timeout=BEAT_SECONDS)
        if ready and rest:
            ready += ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        return [waiting[one] for one in ready]

    def _receive(self, lane: _Lane, on_progress: OnProgress) -> None:
        try:
            message = ray.get(lane.pending if lane.attempt is None else next(lane.pending), timeout=SILENT_SECONDS)
        except RayTaskError as error:  # in the lane itself
            if isinstance(error.cause, NasError):
                raise StudyError(str(error.cause)) from None
            raise RuntimeError(f"a lane failed:\n{error}") from None
        except RayError as error:
            self._lost(lane, error)
            return
        self._alive = lane.heard = time.monotonic()
        if isinstance(message, Greeting):
            self._welcome(lane, message)
        else:
            self._hear(lane, message, on_progress)

    def _welcome(self, lane: _Lane, greeting: Greeting) -> None:
        """Give a lane that has started its first job.

        Raises:
            StudyError: it has another nas.
        """
        if greeting.version != (own := version("nas-attention")):
            raise StudyError(
                f"executor: every node must have the nas of the driver, {own}, got {greeting.version} on "
                f"{greeting.host}. Install the same there, and run the same nas search again."
            )
        lane.shares, lane.pending = greeting.shares, None
        self._dispatch()

    def _hear(self, lane: _Lane, beat: Beat, on_progress: OnProgress) -> None:
        attempt = lane.attempt
        assert attempt is not None
        lane.begun = True
        for progress in beat.progress:
            on_progress(*progress)
        if isinstance(attempt.job, Job):
            apply(beat.changes, attempt.job.folders)
        if beat.refused:
            raise StudyError(beat.refused)
        if beat.defect:
            raise RuntimeError(f"a lane failed:\n{beat.defect}")
        if beat.result is not None:
            self._results.append(_result_of(attempt, beat.result))
            lane.attempt = lane.pending = None
            self._dispatch()

    def _give_up_silent(self) -> None:
        """Replace lanes that have been silent for too long.

        Raises:
            StudyError: there has been no lane for too long.
        """
        now = time.monotonic()
        for lane in self._lanes:
            if lane.attempt is not None and now - lane.heard > SILENT_SECONDS:
                self._lost(lane, None)
        if any(lane.attempt is not None for lane in self._lanes):
            return
        patience = max(self._stall_seconds, START_SECONDS)
        if now - self._alive > patience:
            room = ray.cluster_resources()  # type: ignore[no-untyped-call]
            cpus, gpus = (room.get(name, 0) for name in ("CPU", "GPU"))
            raise StudyError(
                f"executor: no worker has found a place on the cluster for {patience / 60:g} minutes, which "
                f"has {cpus:g} CPUs and {gpus:g} GPUs in all. Add nodes, or lower executor.gpus_per_job "
                "or executor.cpus_per_job, and run the same nas search again."
            )

    def _lost(self, lane: _Lane, error: RayError | None) -> None:
        """Start a lane in the place of one that is gone or silent; its job is tried again, or has failed.

        Raises:
            StudyError: it could not even start.
        """
        if lane.attempt is None and isinstance(error, RayActorError) and error.actor_init_failed:
            raise StudyError(
                f"executor: a worker could not be started on the cluster ({_last_line(error)}). Install the same nas "
                "on every node, and run the same nas search again."
            )
        _LOG.warning("A worker on the cluster was lost; another takes its place when there is room.")
        ray.kill(lane.actor)
        attempt, how = lane.attempt, "was silent" if error is None else "was lost with its node, or killed"
        if attempt is not None and lane.begun:
            if result := self._queue.lost(attempt, how):
                self._results.append(result)
        elif attempt is not None:
            self._queue.put_back(attempt)
        fresh = self._start()
        lane.actor, lane.pending, lane.attempt = fresh.actor, fresh.pending, None
        self._dispatch()


def _result_of(attempt: Attempt, result: JobResult | ProfileResult) -> JobResult | ProfileResult:
    """A result with the driver's own job in it, whose folders the lane need not see."""
    assert result.job.id == attempt.job.id
    return replace(result, job=attempt.job)  # type: ignore[arg-type]


def _last_line(error: Exception) -> str:
    return next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), "no message")
