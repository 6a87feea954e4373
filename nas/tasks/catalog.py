"""The tasks by name, and how to make one from its settings."""

from typing import assert_never

from nas.tasks.recall import RecallSettings, RecallTask
from nas.tasks.task import Task
from nas.tasks.text import TextSettings, TextTask

TaskSettings = TextSettings | RecallSettings

TASKS: dict[str, type[TaskSettings]] = {"text": TextSettings, "recall": RecallSettings}
"""The settings of every task by its name; to add a task, see docs/tasks.md."""


def make_task(settings: TaskSettings) -> Task:
    """The task that the settings describe; reading a corpus takes part of a second.

    Raises:
        InputError: the settings ask for what cannot be, or the data is missing or too short.
    """
    match settings:
        case TextSettings():
            return TextTask(settings)
        case RecallSettings():
            return RecallTask(settings)
        case _:
            assert_never(settings)
