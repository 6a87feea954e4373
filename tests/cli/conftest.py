from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from toy_study import FakeExecutor, toy_problem

from nas.cli.main import main
from nas.search.driver import Driver, Lanes
from nas.search.folder.settings_document import settings_to_dict
from nas.search.folder.study_folder import StudyFolder
from nas.search.observers import Observers
from nas.search.settings import StudySettings
from nas.tasks.language.text import TextSettings


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
    folder = StudyFolder(path)
    with folder.locked():
        folder.write_settings(settings_to_dict(settings))
        lanes = Lanes(num_batches=1, cohort_size=1)
        Driver(settings, toy_problem(), folder, FakeExecutor(), Observers(()), lanes, None).run()
    return path
