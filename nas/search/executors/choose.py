"""The choice of a study's executor."""

from collections.abc import Mapping, Sequence

from nas.search.devices import num_cores
from nas.search.executors.jobs import Executor, Setup
from nas.search.executors.processes import ProcessExecutor
from nas.search.executors.trainer import InlineExecutor, Trainer
from nas.search.problem.study_tasks import settings_by_label
from nas.search.settings import StudySettings


def make_setup(settings: StudySettings, fingerprints: Mapping[str, str]) -> Setup:
    """What all jobs of a study have in common; see `Setup`."""
    return Setup(
        evaluation=settings.evaluation,
        checkpoint=settings.checkpoint,
        tasks=settings_by_label(settings),
        proxy=settings.proxy,
        training=settings.training,
        fingerprints=fingerprints,
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
