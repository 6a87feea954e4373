"""Optuna's SQLite file: what dashboards open. The trial folders are the truth; this follows them."""

import logging
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial

from nas.search.objectives import Objective


class StudyDatabase:
    """Ended trials in Optuna's own format, written one whole trial at a time.

    Args:
        path: the SQLite file; made if missing.
        name: the study's name in it.
        objectives: give the directions and the metric names.
    """

    def __init__(self, path: Path, name: str, objectives: tuple[Objective, ...]) -> None:
        optuna.logging.set_verbosity(logging.WARNING)
        self._study = optuna.create_study(
            study_name=name,
            storage=f"sqlite:///{path.resolve()}",
            directions=[objective.direction for objective in objectives],
            load_if_exists=True,
        )
        self._num_trials = len(self._study.get_trials(deepcopy=False))

    def append(self, number: int, trial: FrozenTrial) -> None:
        """Add an ended trial, unless a run before this one did."""
        if number < self._num_trials:
            return
        assert number == self._num_trials, "trials end in the order of their numbers"
        self._study.add_trial(trial)
        self._num_trials += 1
