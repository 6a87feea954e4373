"""The choice of a study's executor."""

from nas.search.devices import num_cores
from nas.search.executors.jobs import Executor, Setup
from nas.search.executors.processes import ProcessExecutor
from nas.search.executors.trainer import InlineExecutor, Trainer
from nas.search.problem.study_tasks import settings_by_label
from nas.search.settings import StudySettings


def make_executor(settings: StudySettings, devices: list[str]) -> Executor:
    """The executor for some devices; a single one needs no process of its own."""
    setup = Setup(
        evaluation=settings.evaluation,
        checkpoint=settings.checkpoint,
        tasks=settings_by_label(settings),
        proxy=settings.proxy,
        training=settings.training,
    )
    num_threads = max(1, num_cores() // len(devices))
    if len(devices) == 1:
        return InlineExecutor(Trainer(setup, devices[0], num_threads))
    return ProcessExecutor(setup, devices, num_threads)
