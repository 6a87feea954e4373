"""The choice of a study's executor."""

from collections.abc import Sequence
from pathlib import Path

from nas.errors import InputError
from nas.evaluation.evaluator import fingerprints
from nas.search.devices import cores_for_threads, num_cores
from nas.search.executor_settings import RaySettings
from nas.search.executors.jobs import Executor, Setup
from nas.search.executors.processes import ProcessExecutor
from nas.search.executors.trainer import InlineExecutor, Trainer
from nas.search.problem.problem import Problem
from nas.search.problem.study_tasks import settings_by_label
from nas.search.settings import StudySettings


def make_setup(settings: StudySettings, problem: Problem) -> Setup:
    """What all jobs of a study have in common; see `Setup`.

    Args:
        settings: of the study.
        problem: what they stand for; the tasks of a model one size up are among those of the jobs.
    """
    tasks = settings_by_label(settings)
    proxies, known = dict.fromkeys(problem.tasks, settings.proxy), problem.fingerprints
    if larger := problem.larger:
        tasks |= larger.settings
        proxies |= dict.fromkeys(larger.tasks, larger.proxy)
        known |= fingerprints(larger.tasks, None)
    return Setup(
        evaluation=settings.evaluation,
        checkpoint=settings.checkpoint,
        tasks=tasks,
        proxies=proxies,
        training=settings.training,
        fingerprints=known,
        longer_from=settings.longer_from,
    )


def make_executor(settings: StudySettings, setup: Setup, devices: Sequence[str], folder: Path) -> Executor:
    """The executor for some devices; a single one of this machine needs no process of its own.

    Args:
        settings: of the study.
        setup: what all jobs have in common.
        devices: one worker for each.
        folder: of the study.

    Raises:
        InputError: Ray is chosen and not installed, or there is no cluster.
    """
    threads, stall_seconds = num_threads(settings, devices), 60.0 * settings.stall_minutes
    if isinstance(settings.executor, RaySettings):
        try:
            from nas.search.executors.ray_executor import RayExecutor  # of an extra
        except ModuleNotFoundError as error:
            if error.name != "ray":
                raise
            remedy = "pip install ray, or the extra ray of nas-attention."
            raise InputError("executor", "must be local where Ray is not installed", "ray", remedy) from None
        return RayExecutor(setup, devices, settings.executor, stall_seconds, folder)
    if len(devices) == 1:
        return InlineExecutor(Trainer(setup, devices[0], threads))
    return ProcessExecutor(setup, devices, threads, stall_seconds)


def num_threads(settings: StudySettings, devices: Sequence[str]) -> int:
    """CPU threads of each worker: an equal share of the cores for threads, or what a job takes of a cluster."""
    if isinstance(settings.executor, RaySettings):
        return settings.executor.cpus_per_job
    return max(1, cores_for_threads(num_cores()) // len(devices))
