from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from nas.cli.main import main
from nas.results.front import Front
from nas.results.identity import keep_identity
from nas.results.lock import locked
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.observers import Observers
from nas.search.samplers.catalog import SAMPLERS
from nas.search.settings import StudySettings
from nas.search.storage.follower import follow
from nas.search.storage.study_folder import StudyFolder
from nas.tasks.language.text import TextSettings
from tests.toy_study import FakeExecutor, toy_problem


@dataclass
class Outcome:
    code: int
    out: str
    err: str


Nas = Callable[..., Outcome]


@pytest.fixture
def nas(capsys: pytest.CaptureFixture[str]) -> Nas:
    """`nas(*words)`: run a command in this process."""

    def run(*words: str) -> Outcome:
        code = main(words)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an ended study in which nothing was trained."""
    path = tmp_path_factory.mktemp("studies") / "toy"
    settings = StudySettings(study=str(path), num_trials=8, confirm_seeds=0, task=TextSettings(num_tokens=64))
    run_toy(path, settings, Observers(()))
    return path


def run_toy(path: Path, settings: StudySettings, observers: Observers) -> Front:
    """A study in which nothing is trained."""
    folder, problem = StudyFolder(path), toy_problem()
    make_sampler, concurrency = SAMPLERS[settings.sampler], Concurrency(num_workers=1, cohort_size=1)
    with locked(path):
        folder.write_settings(settings.to_document())
        identity = keep_identity(folder, tuple(goal.objective for goal in problem.objectives))
        with closing(follow(folder, identity, None)) as follower:
            told = Observers([observers, follower])
            return Driver(settings, problem, make_sampler, folder, FakeExecutor(), told, concurrency).run()


@pytest.fixture
def pattern_file(study: Path) -> Path:
    return study / "trials" / "00006" / "pattern.json"
