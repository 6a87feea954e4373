"""The trainer of one device, which runs jobs one by one, and the executor of a study that has only one device."""

import platform
from collections import deque
from collections.abc import Mapping
from importlib.metadata import version

import torch

from nas.errors import NasError, PatternError, StudyError, first_line, last_lines
from nas.evaluation.evaluator import evaluators
from nas.evaluation.out_of_memory import is_out_of_memory
from nas.profiling.profiler import Profiler
from nas.proxy.training.precision import precision_on
from nas.results.measurement import Measurement, Outcome
from nas.results.profile import ProfileConditions
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob, ProfileResult, Setup
from nas.search.executors.worker_process import Runner


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
        self._device = device
        self._profilers: dict[ProfileConditions, Profiler] = {}
        self._environment = environment(setup, device, num_threads)
        self._evaluators = evaluators(
            setup.evaluation,
            checkpoint=setup.checkpoint,
            tasks=setup.tasks,
            proxies=setup.proxies,
            training=setup.training,
            device=device,
            longer_from=setup.longer_from,
        )
        _check_data(setup.fingerprints, self._evaluators.fingerprints)

    def run(self, job: Job | ProfileJob, on_progress: OnProgress) -> JobResult | ProfileResult:
        """Run any job; see `train` and `profile`."""
        return self.profile(job) if isinstance(job, ProfileJob) else self.train(job, on_progress)

    def profile(self, job: ProfileJob) -> ProfileResult:
        """Measure a pattern on the device, with the threads that it would be trained with."""
        conditions = job.conditions
        profiler = self._profilers.setdefault(conditions, Profiler(conditions, self._device))
        try:
            (profile,) = profiler.profiles([job.pattern])
            return ProfileResult(job, profile)
        except Exception as error:
            if is_out_of_memory(error):
                return job.failed(Outcome.OUT_OF_MEMORY, "", last_lines(error))
            return job.failed(Outcome.FAILED, first_line(error), last_lines(error))

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
            return job.failed(Outcome.FAILED, first_line(error), last_lines(error))

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
    """Runs a job in the driver's own process when its result is requested; easy to debug.

    Args:
        trainer: runs the jobs.
    """

    def __init__(self, trainer: Runner) -> None:
        self._trainer = trainer
        self._queue: deque[Job | ProfileJob] = deque()

    def submit(self, job: Job | ProfileJob) -> None:
        """Queue a job."""
        self._queue.append(job)

    def next_result(self, on_progress: OnProgress) -> JobResult | ProfileResult:
        """Run the oldest job."""
        job = self._queue.popleft()
        return self._trainer.run(job, on_progress)

    def close(self) -> None:
        """Nothing runs between calls."""
