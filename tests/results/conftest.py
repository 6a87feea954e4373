"""A study that has ended, to be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from nas.results.lock import locked
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.observers import Observers
from nas.search.samplers.catalog import SAMPLERS
from nas.search.settings import FidelitySettings, StudySettings
from nas.search.storage.study_folder import StudyFolder
from tests.toy_study import FakeExecutor, toy_problem

Document = dict[str, Any]


@pytest.fixture(scope="session")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an ended study in which nothing was trained."""
    path = tmp_path_factory.mktemp("studies") / "toy"
    fidelity = FidelitySettings(num_patterns=3, times=2, num_seeds=2)
    settings = StudySettings(study=str(path), num_trials=4, sampler="random", fidelity=fidelity)
    make_sampler, concurrency = SAMPLERS[settings.sampler], Concurrency(num_workers=1, cohort_size=1)
    folder = StudyFolder(path)
    with locked(path):
        folder.write_settings(settings.to_document())
        observers = Observers(())
        Driver(settings, toy_problem(), make_sampler, folder, FakeExecutor(), observers, concurrency).run()
    return path


@pytest.fixture
def front_document(ended: Path) -> Document:
    """Its front.json, to be changed."""
    document: Document = json.loads((ended / "front.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture
def trial_document(ended: Path) -> Document:
    """The trial.json of a sampled trial, to be changed."""
    document: Document = json.loads((ended / "trials" / "00008" / "trial.json").read_text(encoding="utf-8"))
    return document
