"""How much of a study runs at once."""

from dataclasses import dataclass

from nas.search.devices import choose_cohort_size
from nas.search.settings import StudySettings

FEWEST_ASKED = 4
"""Proposing four at once costs a search nothing, on the table; proposing 16 of 24 does (docs/search_cost.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """Workers, and how many trials each trains side by side.

    Args:
        num_workers: cohorts in flight, one per worker.
        cohort_size: most trials in a cohort, trained together on each task.
    """

    num_workers: int
    cohort_size: int

    def asked_at_once(self, num_known: int) -> int:
        """How many trials the sampler proposes before any of them is known.

        Args:
            num_known: sampled trials that have scores already.
        """
        return min(self.cohort_size, max(FEWEST_ASKED, num_known // 2))

    def share(self, num_trials: int, num_free: int) -> int:
        """How many of the trials that are ready the next of some free workers takes, so that none stays idle."""
        return min(self.cohort_size, -(-num_trials // num_free))


def choose_concurrency(settings: StudySettings, devices: list[str]) -> Concurrency:
    """How much of a study runs at once on some devices."""
    return Concurrency(num_workers=len(devices), cohort_size=choose_cohort_size(settings, devices))
