"""Who watches a study: progress displays and trackers plug in here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nas.results.trial import Trial
from nas.search.settings import StudySettings


@dataclass(frozen=True, slots=True)
class Progress:
    """A training under way.

    Args:
        trial: number of the trial.
        task: label of the task.
        step: optimiser steps done.
        num_steps: optimiser steps to the rung that it goes to.
    """

    trial: int
    task: str
    step: int
    num_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyInfo:
    """What a watcher may want to know before the first trial.

    Args:
        name: the study's name.
        folder: where it lies.
        settings: what was asked for.
        objectives: name, unit and direction of each, as front.json has them.
        scores: what training measures, as front.json has it.
        num_trials: trials in all, baselines included.
    """

    name: str
    folder: Path
    settings: StudySettings
    objectives: tuple[dict[str, str], ...]
    scores: tuple[dict[str, Any], ...]
    num_trials: int


class Observer(Protocol):
    """A watcher. The driver calls it in one thread and survives whatever it raises."""

    def study_started(self, info: StudyInfo, known: tuple[Trial, ...]) -> None:
        """The driver is ready; `known` are the trials that a resumed study has done with already."""
        ...

    def training_progressed(self, progress: Progress) -> None:
        """A training moved on."""
        ...

    def trial_advanced(self, trial: Trial) -> None:
        """A trial has scores at a rung below the last one; it may be trained on or not."""
        ...

    def trial_finished(self, trial: Trial) -> None:
        """A trial reached its final state, by the search's own seed."""
        ...

    def confirmation_started(self, num_trials: int) -> None:
        """The search is over; points of the front and baselines are trained again with fresh seeds.

        `num_trials` counts a trial once for each seed. Can come more than once, since means move the front.
        """
        ...

    def judging_started(self, num_trainings: int) -> None:
        """Some trials are trained longer, to see whether the ranking holds."""
        ...

    def trial_confirmed(self, trial: Trial) -> None:
        """A trial has one measurement more: a fresh seed, which its values are the mean over, or a longer training."""
        ...

    def study_finished(self, trials: tuple[Trial, ...], front: dict[str, Any]) -> None:
        """All is done; `front` is the content of front.json."""
        ...
