"""The tasks by name, and how to make one from its settings."""

from typing import assert_never

from nas.tasks.language.text import MaskedTextTask, TextSettings, TextTask
from nas.tasks.language.tokens import TokensSettings, TokensTask
from nas.tasks.synthetic.compression import CompressionSettings, CompressionTask
from nas.tasks.synthetic.copying import CopyingSettings, CopyingTask
from nas.tasks.synthetic.fuzzy_recall import FuzzyRecallSettings, FuzzyRecallTask
from nas.tasks.synthetic.listops import ListopsSettings, ListopsTask
from nas.tasks.synthetic.noisy_recall import NoisyRecallSettings, NoisyRecallTask
from nas.tasks.synthetic.recall import RecallSettings, RecallTask
from nas.tasks.task import Task
from nas.tasks.vision.image import ImageSettings, ImageTask, NextPixelTask

TaskSettings = (
    TextSettings
    | TokensSettings
    | RecallSettings
    | NoisyRecallSettings
    | FuzzyRecallSettings
    | CopyingSettings
    | CompressionSettings
    | ListopsSettings
    | ImageSettings
)

TASKS: dict[str, type[TaskSettings]] = {
    "text": TextSettings,
    "tokens": TokensSettings,
    "recall": RecallSettings,
    "noisy_recall": NoisyRecallSettings,
    "fuzzy_recall": FuzzyRecallSettings,
    "copying": CopyingSettings,
    "compression": CompressionSettings,
    "listops": ListopsSettings,
    "image": ImageSettings,
}
"""The settings of every task by its name; to add a task, see docs/how-to/own-task.md."""


def make_task(settings: TaskSettings) -> Task:
    """The task that the settings describe; reading a corpus takes part of a second.

    Raises:
        InputError: the settings ask for what cannot be, or the data is missing or too short.
    """
    match settings:
        case TextSettings(prediction="masked"):
            return MaskedTextTask(settings)
        case TextSettings():
            return TextTask(settings)
        case TokensSettings():
            return TokensTask(settings)
        case RecallSettings():
            return RecallTask(settings)
        case NoisyRecallSettings():
            return NoisyRecallTask(settings)
        case FuzzyRecallSettings():
            return FuzzyRecallTask(settings)
        case CopyingSettings():
            return CopyingTask(settings)
        case CompressionSettings():
            return CompressionTask(settings)
        case ListopsSettings():
            return ListopsTask(settings)
        case ImageSettings(prediction="next"):
            return NextPixelTask(settings)
        case ImageSettings():
            return ImageTask(settings)
        case _:
            assert_never(settings)
