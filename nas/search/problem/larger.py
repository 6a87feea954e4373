"""The model one size up: the same proxy with longer sequences and more layers, for the check across sizes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nas.errors import InputError
from nas.evaluation.settings import ScratchSettings
from nas.patterns.carry import carried
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.scale import CarryRules
from nas.patterns.stretch import stretched
from nas.proxy.settings import ProxySettings
from nas.search.problem.study_tasks import settings_by_label
from nas.search.settings import StudySettings
from nas.tasks.catalog import TaskSettings, make_task
from nas.tasks.task import Task
from nas.tasks.vision.image import ImageSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LargerModel:
    """A proxy and its tasks, `scale` times as long and as deep as the study's; the width stays.

    Args:
        scale: 2 or more.
        from_tokens: length of the study's own sequences, in tokens.
        proxy: the larger one.
        settings: of the longer tasks, by their labels.
        tasks: the same, loaded.
        labels: those labels, by the labels of the study's own tasks.
        rules: how sizes of patterns go to the other length.
    """

    scale: int
    from_tokens: int
    proxy: ProxySettings
    settings: Mapping[str, TaskSettings]
    tasks: Mapping[str, Task]
    labels: Mapping[str, str]
    rules: CarryRules

    @property
    def num_tokens(self) -> int:
        """Length of its sequences, in tokens."""
        return self.scale * self.from_tokens

    def form(self, pattern: ModelPattern) -> ModelPattern:
        """A pattern of the study's proxy in the larger one."""
        longer = carried(pattern, self.from_tokens, self.num_tokens, self.rules)[0]
        return stretched(longer, self.proxy.num_layers, self.proxy.num_heads, self.rules.layers)


def larger_model(settings: StudySettings, from_tokens: int) -> LargerModel | None:
    """The model one size up that the settings ask for; None if they ask for none.

    Args:
        settings: of the study.
        from_tokens: length of the study's own sequences, in tokens.

    Raises:
        InputError: the study's model or one of its tasks has only one size.
    """
    scale = settings.fidelity.scale
    if scale == 1 or settings.fidelity.num_patterns == 0:
        return None
    if not isinstance(settings.evaluation, ScratchSettings):
        allowed = "must be 1 with evaluation=checkpoint, which has one size"
        raise InputError("fidelity.scale", allowed, scale)
    labels = {}
    for label, own in settings_by_label(settings).items():
        if isinstance(own, ImageSettings):
            allowed = f"must be 1 with the task {label}, whose images have one size"
            raise InputError("fidelity.scale", allowed, scale)
        labels[label] = f"{label}_{scale}x"
    try:
        longer = {
            labels[label]: replace(own, num_tokens=scale * own.num_tokens)
            for label, own in settings_by_label(settings).items()
            if not isinstance(own, ImageSettings)
        }
        tasks = {label: make_task(own) for label, own in longer.items()}
    except InputError as error:
        allowed = f"must be a scale at which every task can be made ({error})"
        raise InputError("fidelity.scale", allowed, scale, "Use fidelity.scale=1 to leave the check out.") from None
    return LargerModel(
        scale=scale,
        from_tokens=from_tokens,
        proxy=replace(settings.proxy, num_layers=scale * settings.proxy.num_layers),
        settings=longer,
        tasks=tasks,
        labels=labels,
        rules=settings.carry,
    )
