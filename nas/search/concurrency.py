"""How much of a study runs at once."""

from dataclasses import dataclass

from nas.search.devices import choose_cohort_size
from nas.search.settings import StudySettings

ROUNDS = 8
"""A study asks in at least so many rounds: TODO"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """Workers, and how many trials each trains side by side.

    Args:
        num_workers: cohorts in flight, one per worker.
        cohort_size: most trials in a cohort, trained together on each task.
        asked_at_once: trials that the sampler proposes before any of them is known; at most `cohort_size`.
    """

    num_workers: int
    cohort_size: int
    asked_at_once: int

    def share(self, num_trials: int, num_free: int) -> int:
        """How many of the trials that are ready the next of some free workers takes, so that none stays idle."""
        return min(self.cohort_size, -(-num_trials // num_free))


def choose_concurrency(settings: StudySettings, devices: list[str]) -> Concurrency:
    """How much of a study runs at once on some devices."""
    cohort_size = choose_cohort_size(settings, devices)
    return Concurrency(
        num_workers=len(devices),
        cohort_size=cohort_size,
        asked_at_once=min(cohort_size, max(1, settings.num_trials // ROUNDS)),
    )
