"""The observer of a study: the interface of progress displays and trackers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.results.codec import Value
from nas.results.front import Front
from nas.results.measurement import Measurement
from nas.results.objective import Objective, Score
from nas.results.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """How far the work before the first trial is.

    Args:
        what: the part that is under way, such as `survey of layers`.
        done: units of this part that are done.
        total: its units in all.
        share_done: work done as a share of all parts' work, 0 to 1.
    """

    what: str
    done: int
    total: int
    share_done: float


READING = Preparation(what="reading the checkpoint and its text", done=0, total=1, share_done=0.0)
"""The first of them, before libraries and weights are loaded, which takes many seconds."""


class Progress(Value, frozen=True, kw_only=False):
    """The progress of a training run.

    Args:
        trial: number of the trial.
        task: label of the task.
        step: optimiser steps done.
        num_steps: optimiser steps to the rung that it is trained to.
    """

    trial: int
    task: str
    step: int
    num_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyInfo:
    """What an observer is given about a study.

    Args:
        name: the study's name.
        folder: the study folder.
        settings: the settings, as in config.yaml.
        objectives: the axes of the front.
        scores: everything that is measured.
    """

    name: str
    folder: Path
    settings: Mapping[str, Any]
    objectives: tuple[Objective, ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """The training that a study plans.

    Args:
        num_baselines: trials that are baselines.
        num_sampled: trials that the sampler proposes.
        rungs: where scores are taken, in optimiser steps, ascending.
        legs: work from the rung below to each rung, on one task, in optimiser steps; scoring counts as the steps of
            training that take as long.
        promoted_share: share of the trials of a rung that are promoted to the next one.
        num_confirmations: runs with fresh seeds that are expected after the search.
        confirmation: work of such a run, on one task, as in `legs`.
        num_long_runs: runs that check the ranking.
        long_steps: length of such a run, in optimiser steps.
        scoring: work of scoring at the end of a long run, on one task, as in `legs`.
        num_larger_runs: runs that check the ranking one size up, of long_steps each.
        larger_step: work of one of their steps, in steps of the study's own proxy.
        grain: how many tokens of the target the trained model sees as one; 1 without a target.
        num_workers: workers that train side by side.
        profiled_tokens: length at which attention is timed on the machine for every pattern, in tokens; 0 if it is not.
    """

    num_baselines: int
    num_sampled: int
    rungs: tuple[int, ...]
    legs: tuple[float, ...]
    promoted_share: float
    num_confirmations: int
    confirmation: float
    num_long_runs: int
    long_steps: int
    scoring: float
    num_larger_runs: int = 0
    larger_step: float = 0.0
    grain: int = 1
    num_workers: int = 1
    profiled_tokens: int = 0

    @property
    def num_trials(self) -> int:
        """Trials in all, baselines included."""
        return self.num_baselines + self.num_sampled


class Observer:
    """A base class whose methods do nothing; an observer overrides those that it needs.

    The driver calls it from one thread and survives its exceptions.
    """

    def preparation_progressed(self, preparation: Preparation) -> None:
        """A checkpoint is being looked at before its study starts; not called by every study."""

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """The driver is ready; `known` are the trials that a resumed study has already finished."""

    def trial_started(self, trial: Trial) -> None:
        """A trial was proposed and will be trained; not called for those that a resumed study has already finished."""

    def training_progressed(self, progress: Progress) -> None:
        """A training run made progress."""

    def trial_advanced(self, trial: Trial) -> None:
        """A trial has scores at a rung below the last one; it may or may not be promoted."""

    def trial_finished(self, trial: Trial) -> None:
        """A trial reached its final state with the search's own seed."""

    def confirmation_started(self, num_trials: int) -> None:
        """The search is over; points of the front and baselines are trained again with fresh seeds.

        `num_trials` counts a trial once for each seed. May be called more than once, since means over seeds change the
        front.
        """

    def long_runs_started(self, num_runs: int) -> None:
        """Some trials are trained longer, to see whether the ranking holds."""

    def larger_runs_started(self, num_runs: int) -> None:
        """Some trials are trained one size up, to see whether the ranking holds there."""

    def larger_run_ended(self, trial: Trial, measurements: Sequence[Measurement]) -> None:
        """A trial was measured one size up, on every task; its own values stay as they are."""

    def trial_confirmed(self, trial: Trial) -> None:
        """A trial has one more measurement: a fresh seed, over which its values are now the mean, or a longer run."""

    def study_finished(self, trials: tuple[Trial, ...], front: Front) -> None:
        """The study has ended."""
