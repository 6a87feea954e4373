"""Studies without training; see tests/toy_study.py."""

from pathlib import Path
from typing import Any

import pytest
from toy_study import FakeExecutor, StartStudy, toy_problem

from nas.results.observer import Observer
from nas.search.driver import Driver, Lanes
from nas.search.folder.database import StudyDatabase
from nas.search.folder.study_folder import StudyFolder
from nas.search.observers import Observers
from nas.search.problem import Problem
from nas.search.settings import ConstraintSettings, FidelitySettings, StudySettings


@pytest.fixture(scope="session")
def problem() -> Problem:
    return toy_problem()


@pytest.fixture(scope="session")
def start(problem: Problem) -> StartStudy:
    """Run a study in a folder with an executor; more keywords are settings."""

    def start_study(
        folder: Path,
        executor: FakeExecutor,
        *,
        lanes: Lanes = Lanes(num_batches=2, cohort_size=1),  # noqa: B008 - a frozen value
        observers: tuple[Observer, ...] = (),
        with_problem: Problem = problem,
        **changes: Any,
    ) -> dict[str, Any]:
        values = {"study": "toy", "num_trials": 12, "confirm_seeds": 1, "task": None} | changes
        values["constraints"] = ConstraintSettings(**values.get("constraints", {}))
        values.setdefault("fidelity", FidelitySettings(num_patterns=0))
        study = StudyFolder(folder)
        with study.locked():
            study.forget_out_of_memory()
            database = StudyDatabase(study.database, study.path.name, with_problem.objectives)
            settings = StudySettings(**values)
            return Driver(settings, with_problem, study, executor, Observers(observers), lanes, database).run()

    return start_study
