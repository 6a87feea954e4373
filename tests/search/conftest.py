"""Studies without training; see tests/toy_study.py."""

from pathlib import Path
from typing import Any

import pytest

from nas.results.front import Front
from nas.results.lock import locked
from nas.results.observer import Observer
from nas.results.profile import ProfileConditions
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.observers import Observers
from nas.search.problem.problem import Problem
from nas.search.samplers.catalog import SAMPLERS
from nas.search.settings import ConstraintSettings, FidelitySettings, StudySettings
from nas.search.storage.database import StudyDatabase
from nas.search.storage.study_folder import StudyFolder
from tests.toy_study import FakeExecutor, StartStudy, toy_problem


@pytest.fixture(scope="session")
def problem() -> Problem:
    return toy_problem()


@pytest.fixture(scope="session")
def start(problem: Problem) -> StartStudy:
    """Run a study in a folder with an executor; more keywords are settings.

    Without `with_database` no study.db follows it: writing one takes as long as all the rest.
    """

    def start_study(
        folder: Path,
        executor: FakeExecutor,
        *,
        concurrency: Concurrency = Concurrency(num_workers=2, cohort_size=1),  # noqa: B008 - a frozen value
        observers: tuple[Observer, ...] = (),
        with_problem: Problem = problem,
        with_database: bool = False,
        profiling: ProfileConditions | None = None,
        **changes: Any,
    ) -> Front:
        values: dict[str, Any] = {"study": "toy", "num_trials": 12, "confirm_seeds": 1} | changes
        values["constraints"] = ConstraintSettings(**values.get("constraints", {}))
        values.setdefault("fidelity", FidelitySettings(num_patterns=0))
        settings, study = StudySettings(**values), StudyFolder(folder)
        make_sampler, watching = SAMPLERS[settings.sampler], Observers(observers)
        with locked(folder):
            study.forget_failures()
            database = None
            if with_database:
                directions = [goal.direction for goal in with_problem.objectives]
                database = StudyDatabase(study.database, study.path.name, directions)
            parts = settings, with_problem, make_sampler, study, executor, watching, concurrency, database, profiling
            return Driver(*parts).run()

    return start_study
