"""The tasks of a study: the one that gives it its shape, and extra ones."""

import re
from collections import Counter
from typing import Any

from nas.errors import InputError
from nas.search.settings import StudySettings
from nas.tasks.catalog import make_task
from nas.tasks.task import Task


def settings_by_label(settings: StudySettings) -> dict[str, Any]:
    """The settings of every task by its label: its name, with a number appended from the second of that name on."""
    seen: Counter[str] = Counter()
    labelled = {}
    for task in (settings.task, *settings.extra_tasks):
        seen[task.name] += 1
        labelled[task.name if seen[task.name] == 1 else f"{task.name}{seen[task.name]}"] = task
    return labelled


def make_tasks(settings: StudySettings) -> dict[str, Task]:
    """Every task by its label, the one that gives the study its shape first.

    Raises:
        InputError: a task's settings are wrong, or its patterns cannot be those of the tasks before it.
    """
    (label, first), *others = settings_by_label(settings).items()
    tasks = {label: make_task(first)}
    for index, (label, own) in enumerate(others):
        where = f"extra_tasks[{index}]"
        try:
            task = make_task(own)
        except InputError as error:
            raise as_extra_task(error, where) from None
        _check_alike(where, next(iter(tasks.items())), (label, task))
        if any(task.fingerprint == other.fingerprint for other in tasks.values()):
            raise InputError(where, "must differ from the tasks before it", own.name)
        tasks[label] = task
    return tasks


def as_extra_task(error: InputError, where: str) -> InputError:
    """An error about a task's settings with the place of that task among `extra_tasks`."""
    texts = (error.where, error.allowed, error.remedy)
    place, allowed, remedy = (re.sub(r"\btask\.", f"{where}.", text) for text in texts)
    return InputError(place, allowed, error.got, remedy)


def _check_alike(where: str, first: tuple[str, Task], other: tuple[str, Task]) -> None:
    (label, task), (other_label, other_task) = first, other
    if other_task.causal != task.causal:
        allowed = f"must be {_causality(task)} as the task {label} is"
        raise InputError(where, allowed, f"{other_label}, which is {_causality(other_task)}")
    if other_task.grid != task.grid:
        allowed = f"must have {_grid(task)} as the task {label} has"
        raise InputError(where, allowed, f"{other_label}, which has {_grid(other_task)}")


def _causality(task: Task) -> str:
    return "causal" if task.causal else "bidirectional"


def _grid(task: Task) -> str:
    return "a grid of {} rows and {} columns".format(*task.grid) if task.grid else "no grid"
