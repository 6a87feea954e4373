"""All watchers of a study as one; what one of them raises never reaches the study."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from nas.results.observer import Observer, Progress, StudyInfo
from nas.results.trial import Trial

_LOG = logging.getLogger(__name__)


class Observers:
    """Tells every observer, and says once of each that it failed.

    Args:
        observers: who watches.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = list(observers)
        self._complained: set[int] = set()

    def study_started(self, info: StudyInfo, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.study_started(info, known))

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

    def judging_started(self, num_trainings: int) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.judging_started(num_trainings))

    def trial_confirmed(self, trial: Trial) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.trial_confirmed(trial))

    def study_finished(self, trials: tuple[Trial, ...], front: dict[str, Any]) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.study_finished(trials, front))

    def _tell(self, message: Callable[[Observer], None]) -> None:
        for index, observer in enumerate(self._observers):
            try:
                message(observer)
            except Exception as error:
                if index not in self._complained:
                    self._complained.add(index)
                    _LOG.warning("%s failed and is left behind: %s", type(observer).__name__, error)
