"""Settings of `nas search`."""

from dataclasses import dataclass, field

from nas.search.settings import StudySettings
from nas.tracking.settings import TrackingSettings


@dataclass(kw_only=True, slots=True)
class RunSettings(StudySettings):
    """A study with its preset and its tracking.

    Args:
        preset: the set of defaults: smoke, quick, overnight or table.
        tracking: where the study is recorded in addition to its folder.
    """

    preset: str = "quick"
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
