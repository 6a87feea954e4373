"""The observers of a study as one; an exception in one of them never reaches the study."""

import logging
from collections.abc import Callable, Sequence

from nas.results.front import Front
from nas.results.observer import Observer, Progress, StudyInfo, StudyPlan
from nas.results.trial import Trial

_LOG = logging.getLogger(__name__)


class Observers(Observer):
    """Forwards every event to every observer, and warns once for each that fails.

    Args:
        observers: called in this order.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = list(observers)
        self._warned: set[int] = set()

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.study_started(info, plan, known))

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
