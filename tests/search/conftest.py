"""Studies without training; see tests/toy_study.py."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from nas.results.front import Front
from nas.results.identity import keep_identity
from nas.results.lock import locked
from nas.results.observer import Observer
from nas.results.profile import ProfileConditions
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.observers import Observers
from nas.search.problem.problem import Problem
from nas.search.samplers import ehvi
from nas.search.samplers.catalog import SAMPLERS
from nas.search.settings import ConstraintSettings, FidelitySettings, StudySettings
from nas.search.storage.follower import follow
from nas.search.storage.study_folder import StudyFolder
from tests.toy_study import FakeExecutor, StartStudy, toy_problem

NUM_CANDIDATES = 16


@pytest.fixture(scope="module")
def light_ray() -> Iterator[None]:
    """Processes of Ray that take a third of the time to start.

    Each imports jsonschema, which reads a grammar of internationalised addresses where a library for these is
    installed; the one that makes the bill of materials needs it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).with_name("light_ray")), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def problem() -> Problem:
    return toy_problem()


@pytest.fixture(scope="session")
def start(problem: Problem) -> StartStudy:
    """Run a study in a folder with an executor; more keywords are settings.

    Without `with_database` no study.db follows it: writing one takes as long as all the rest. With a `url`, a team's
    database does. `ehvi` chooses from few candidates, since drawing 64 for each ask takes longer than all the rest.
    """

    def start_study(
        folder: Path,
        executor: FakeExecutor,
        *,
        concurrency: Concurrency = Concurrency(num_workers=2, cohort_size=1),  # noqa: B008 - a frozen value
        observers: tuple[Observer, ...] = (),
        with_problem: Problem = problem,
        with_database: bool = False,
        url: URL | None = None,
        profiling: ProfileConditions | None = None,
        **changes: Any,
    ) -> Front:
        values: dict[str, Any] = {"study": "toy", "num_trials": 12, "confirm_seeds": 1} | changes
        values["constraints"] = ConstraintSettings(**values.get("constraints", {}))
        values.setdefault("fidelity", FidelitySettings(num_patterns=0))
        settings, study = StudySettings(**values), StudyFolder(folder)
        make_sampler, watching = SAMPLERS[settings.sampler], Observers(observers)
        with locked(folder), pytest.MonkeyPatch.context() as patch:
            patch.setattr(ehvi, "NUM_CANDIDATES", NUM_CANDIDATES)
            patch.setattr(ehvi, "MOST_DRAWS", 2 * NUM_CANDIDATES)
            study.forget_failures()
            with ExitStack() as followed:
                if with_database or url:
                    study.write_settings(settings.to_document())
                    axes = tuple(goal.objective for goal in with_problem.objectives)
                    follower = follow(study, keep_identity(study, axes), url)
                    watching = Observers([*observers, followed.enter_context(closing(follower))])
                parts = settings, with_problem, make_sampler, study, executor, watching, concurrency, profiling
                return Driver(*parts).run()

    return start_study
