"""What becomes of trials is written down once, and told once."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from nas.results.measurement import Measurement, Outcome
from nas.results.observer import Observer
from nas.results.trial import Trial, TrialState
from nas.search.observers import Observers
from nas.search.records import Records
from nas.search.storage.study_folder import StudyFolder
from tests.fronts import make_trial


class Listener(Observer):
    """Keeps the numbers of trials that started and finished."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.finished: list[int] = []

    def trial_started(self, trial: Trial) -> None:
        self.started.append(trial.number)

    def trial_finished(self, trial: Trial) -> None:
        self.finished.append(trial.number)


class Folder(StudyFolder):
    """Keeps the numbers of trials that were written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written: list[int] = []

    def write_trial(self, trial: Trial) -> None:
        super().write_trial(trial)
        self.written.append(trial.number)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "toy")


def trial(number: int, state: TrialState = TrialState.FINISHED) -> Trial:
    return make_trial(number, state)


def measurement(seed: int) -> Measurement:
    return Measurement.unfinished(seed, 0.1, 400, Outcome.DIVERGED)


def make_records(folder: Folder, listener: Listener, *known: int) -> Records:
    return Records(folder, Observers([listener]), frozenset(known))


def test_a_trial_that_was_finished_before_is_not_told_again(folder: Folder, listener: Listener) -> None:
    records = make_records(folder, listener, 1)
    for number in (1, 2):
        records.begin(trial(number, TrialState.RUNNING))
        records.conclude(trial(number))
    assert (listener.started, listener.finished) == ([2], [2]) and folder.written == [1, 2]


def test_a_trial_is_written_when_it_changes(folder: Folder, listener: Listener) -> None:
    records = make_records(folder, listener)
    running = trial(0, TrialState.RUNNING)
    for one in (running, running, trial(0), trial(0)):
        records.keep(one)
    assert folder.written == [0, 0] and folder.trials() == (trial(0),)
    assert listener.finished == []


def test_a_trial_is_concluded_once(folder: Folder, listener: Listener) -> None:
    records = make_records(folder, listener)
    for _ in range(2):
        records.conclude(trial(0))
    records.conclude(replace(trial(0), reason="said twice"))
    assert (folder.written, listener.finished) == ([0], [0])


def test_a_record_that_is_ahead_is_kept_until_the_study_ends(folder: Folder, listener: Listener) -> None:
    """A resumed study comes by what it knew of a trial before it was trained with further seeds."""
    early = replace(trial(0), measurements=())
    ahead, other = replace(trial(0), measurements=(measurement(0), measurement(1))), replace(early, reason="changed")
    make_records(folder, listener).keep(ahead)
    resumed = make_records(folder, listener)
    for one in (early, replace(early, measurements=(measurement(0),)), ahead):
        resumed.keep(one)
    assert folder.written == [0] and folder.trials() == (ahead,)
    resumed.keep(replace(early, measurements=(measurement(2),)))
    assert folder.written == [0, 0], "another measurement is another record"
    resumed.settle([other])
    resumed.settle([other])
    assert folder.written == [0, 0, 0] and folder.trials() == (other,)


def test_observers_do_not_hear_again_of_what_was_known(folder: Folder, listener: Listener) -> None:
    records = make_records(folder, listener)
    records.conclude(trial(0))
    resumed = make_records(folder, listener, 0)
    resumed.conclude(trial(0))
    resumed.conclude(trial(1))
    assert listener.finished == [0, 1]
