"""Everything one `nas search` is told."""

from dataclasses import dataclass, field

from nas.search.settings import StudySettings
from nas.tracking.settings import TrackingSettings


@dataclass(kw_only=True, slots=True)
class RunSettings(StudySettings):
    """A study, and what goes on around it.

    Args:
        preset: the set of defaults that was taken: smoke, quick, overnight or table.
        tracking: where the study is recorded besides its folder.
    """

    preset: str = "quick"
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
