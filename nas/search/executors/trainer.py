"""The trainer of one device, which runs jobs one by one, and the executor of a study that has only one device."""

import platform
from collections import deque
from collections.abc import Mapping
from importlib.metadata import version

import torch

from nas.errors import NasError, PatternError, StudyError, first_line, last_lines
from nas.evaluation.evaluator import evaluators
from nas.proxy.training.precision import precision_on
from nas.results.measurement import Measurement, Outcome
from nas.search.executors.jobs import Job, JobResult, OnProgress, Setup


class Trainer:
    """Trains jobs of one study on one device.

    Args:
        setup: what all jobs have in common; data, and the checkpoint if there is one, are loaded once, here.
        device: cpu, cuda or cuda:N.
        num_threads: CPU threads that torch may use.

    Raises:
        InputError: data or the checkpoint cannot be loaded.
        StudyError: they are not what the driver has read.
    """

    def __init__(self, setup: Setup, device: str, num_threads: int) -> None:
        torch.set_num_threads(num_threads)
        self._environment = environment(setup, device, num_threads)
        self._evaluators = evaluators(
            setup.evaluation,
            checkpoint=setup.checkpoint,
            tasks=setup.tasks,
            proxy=setup.proxy,
            training=setup.training,
            device=device,
        )
        _check_data(setup.fingerprints, self._evaluators.fingerprints)

    def train(self, job: Job, on_progress: OnProgress) -> JobResult:
        """Train the members of a job; whatever a pattern makes fail is its result.

        Raises:
            NasError: what has nothing to do with the patterns, such as a full disk.
        """
        try:
            return JobResult(job, self._measured(job, on_progress))
        except Exception as error:
            if isinstance(error, NasError) and not isinstance(error, PatternError):
                raise
            return JobResult.failed(job, Outcome.FAILED, first_line(error), last_lines(error))

    def _measured(self, job: Job, on_progress: OnProgress) -> tuple[Measurement, ...]:
        """One measurement per member, in the order of the job."""
        measurements = self._evaluators.make(job.task, job.seed).evaluate(
            job.members,
            job.rung,
            folders=job.folders,
            on_progress=lambda member, step, num_steps: on_progress(job.trials[member], job.task, step, num_steps),
        )
        return job.signed(measurements, self._environment)


def environment(setup: Setup, device: str, num_threads: int) -> str:
    """What measurements are made with, as far as it can change their digits.

    Args:
        setup: what all jobs have in common.
        device: cpu, cuda or cuda:N.
        num_threads: CPU threads that torch may use.

    Returns:
        such as `nas 0.1.0, torch 2.13.0, Python 3.11.7, x86_64 AVX512, 1 thread, float32`.
    """
    packages = {"nas": "nas-attention", "torch": "torch"}
    if setup.checkpoint is not None:
        packages["transformers"] = "transformers"
    versions = [f"{name} {version(package)}" for name, package in packages.items()]
    if device == "cpu":
        threads = "1 thread" if num_threads == 1 else f"{num_threads} threads"
        place = [f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}", threads]
    else:
        place = [torch.cuda.get_device_name(device)]
    return ", ".join([*versions, f"Python {platform.python_version()}", *place, precision_on(device)])


def _check_data(expected: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Refuse data that changed after the driver had read it: trials of one study would learn different things."""
    changed = [name for name in expected if found.get(name) != expected[name]]
    if changed:
        raise StudyError(
            f"study: {', '.join(changed)} changed while the study was running, so its trials would not compare. "
            "Put it back and run the same nas search again, or choose another study=NAME."
        )


class InlineExecutor:
    """Trains a job in the driver's own process when its result is requested; easy to debug.

    Args:
        trainer: runs the jobs.
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
        return self._trainer.train(job, on_progress)

    def close(self) -> None:
        """Nothing runs between calls."""
