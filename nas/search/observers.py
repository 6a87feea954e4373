"""The observers of a study as one; an exception in one of them never reaches the study."""

import logging
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from nas.evaluation.settings import ScratchSettings
from nas.proxy.training.schedule import branch_start
from nas.results.front import Front
from nas.results.measurement import Measurement
from nas.results.observer import Observer, Preparation, Progress, StudyInfo, StudyPlan
from nas.results.trial import Trial
from nas.search.problem.problem import Problem
from nas.search.problem.study_tasks import settings_by_label
from nas.search.scoring.scores import confirmed_rungs
from nas.search.settings import StudySettings

EXPECTED_POINTS = 6
"""Points of a front and full attention, for the time that confirming them will take."""

FORWARD_SHARE = 1 / 3
"""Of the time of a step, for as many tokens: the backward pass has twice the products of the forward pass."""

_LOG = logging.getLogger(__name__)


def study_info(folder: Path, settings: StudySettings, problem: Problem) -> StudyInfo:
    """What observers are given about a study."""
    return StudyInfo(
        name=folder.name,
        folder=folder,
        settings=settings.to_document(),
        objectives=tuple(goal.objective for goal in problem.objectives),
        scores=problem.scores,
    )


def study_plan(settings: StudySettings, problem: Problem, num_workers: int = 1) -> StudyPlan:
    """The training that a study plans, for observers that show how far it is."""
    training = settings.training
    rungs = settings.evaluation.rungs(training)
    trunks = [branch_start(below, training) for below, _ in pairwise(rungs)]
    scoring = [_scoring(settings, rung) for rung in rungs]
    legs = tuple(rung - trunk + more for rung, trunk, more in zip(rungs, [0, *trunks], scoring, strict=True))
    confirmed = confirmed_rungs(problem.scores, rungs)
    return StudyPlan(
        num_baselines=len(problem.baselines),
        num_sampled=settings.num_trials,
        rungs=rungs,
        legs=legs,
        promoted_share=1 / training.rung_ratio,
        num_confirmations=settings.confirm_seeds * EXPECTED_POINTS,
        confirmation=confirmed[0] + scoring[-len(confirmed)] + (legs[-1] if len(confirmed) > 1 else 0),
        num_long_runs=settings.fidelity.num_patterns * settings.fidelity.num_seeds,
        long_steps=settings.fidelity.times * rungs[-1],
        scoring=scoring[-1],
        num_larger_runs=settings.fidelity.num_patterns if problem.larger else 0,
        larger_step=problem.larger_step,
        grain=problem.shape.grain,
        num_workers=num_workers,
        profiled_tokens=problem.target.num_tokens if settings.profiles else 0,
    )


def _scoring(settings: StudySettings, rung: int) -> float:
    """What scoring a proxy takes, in steps of its training; 0 in a checkpoint, where it is all that a step is."""
    if not isinstance(settings.evaluation, ScratchSettings):
        return 0.0
    by_task = [task.validation_sequences for task in settings_by_label(settings).values()]
    has_longer = rung >= settings.longer_from
    num_lengths = 1 + has_longer * len(settings.training.test_lengths)  # longer sequences are fewer
    return FORWARD_SHARE * num_lengths * fmean(by_task) / settings.training.batch_size


class Observers(Observer):
    """Forwards every event to every observer, and warns once for each that fails.

    Args:
        observers: called in this order.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = list(observers)
        self._warned: set[int] = set()

    def preparation_progressed(self, preparation: Preparation) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.preparation_progressed(preparation))

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.study_started(info, plan, known))

    def trial_started(self, trial: Trial) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.trial_started(trial))

    def training_progressed(self, progress: Progress) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.training_progressed(progress))

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.trial_advanced(trial))

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.trial_finished(trial))

    def confirmation_started(self, num_trials: int) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.confirmation_started(num_trials))

    def long_runs_started(self, num_runs: int) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.long_runs_started(num_runs))

    def larger_runs_started(self, num_runs: int) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.larger_runs_started(num_runs))

    def larger_run_ended(self, trial: Trial, measurements: Sequence[Measurement]) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.larger_run_ended(trial, measurements))

    def trial_confirmed(self, trial: Trial) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.trial_confirmed(trial))

    def study_finished(self, trials: tuple[Trial, ...], front: Front) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.study_finished(trials, front))

    def _tell(self, message: Callable[[Observer], None]) -> None:
        for index, observer in enumerate(self._observers):
            try:
                message(observer)
            except Exception as error:
                if index not in self._warned:
                    self._warned.add(index)
                    _LOG.warning("%s failed and is left behind: %s", type(observer).__name__, error)
