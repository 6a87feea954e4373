"""Everything one `nas search` is told."""

from dataclasses import dataclass, field

from nas.search.settings import StudySettings
from nas.tasks.catalog import TaskSettings
from nas.tasks.language.text import TextSettings
from nas.tracking.settings import TrackingSettings


@dataclass(kw_only=True, slots=True)
class RunSettings(StudySettings):
    """A study, and what goes on around it.

    Args:
        preset: the set of defaults that was taken: smoke, quick, overnight or table.
        tracking: where the study is recorded besides its folder.
    """

    preset: str = "quick"
    task: TaskSettings = field(default_factory=TextSettings)
    extra_tasks: list[TaskSettings] = field(default_factory=list)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
