"""The choice of a study's executor."""

from collections.abc import Sequence

from nas.evaluation.evaluator import fingerprints
from nas.search.devices import num_cores
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


def make_executor(settings: StudySettings, setup: Setup, devices: list[str]) -> Executor:
    """The executor for some devices; a single one needs no process of its own."""
    if len(devices) == 1:
        return InlineExecutor(Trainer(setup, devices[0], num_threads(devices)))
    return ProcessExecutor(setup, devices, num_threads(devices), 60.0 * settings.stall_minutes)


def num_threads(devices: Sequence[str]) -> int:
    """CPU threads of each of the workers on some devices: an equal share of the cores."""
    return max(1, num_cores() // len(devices))
