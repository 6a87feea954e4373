"""progress.json: what those who look on from outside are told."""

from pathlib import Path

import pytest

from nas.report.progress.progress_file import SECONDS_BETWEEN, ProgressFile
from nas.results.objective import Objective
from nas.results.observer import Progress
from nas.results.progress import Stage, read_progress
from tests.fronts import OBJECTIVES, make_front, make_info, make_plan


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(clock: Clock, tmp_path: Path) -> ProgressFile:
    writer = ProgressFile(clock, lambda: 1e9 + clock.now)
    writer.study_started(make_info(folder=tmp_path), make_plan(), ())
    return writer


def test_it_is_there_from_the_start(writer: ProgressFile, tmp_path: Path) -> None:
    progress = read_progress(tmp_path)
    assert (progress.stage, progress.num_done, progress.num_expected) == (Stage.SEARCHING, 0, 30)
    assert progress.objectives == OBJECTIVES and all(isinstance(one, Objective) for one in progress.objectives)
    assert progress.seconds_left is None and progress.trials_per_hour is None and progress.share_done == 0


def test_it_keeps_the_command_that_it_was_given(tmp_path: Path) -> None:
    ProgressFile(command=("seed=3",)).study_started(make_info(folder=tmp_path), make_plan(), ())
    assert read_progress(tmp_path).command == ("seed=3",)


def test_it_follows_the_runs_but_not_each_step(writer, clock: Clock, tmp_path: Path, make_trial) -> None:
    clock.now += 60
    writer.training_progressed(Progress(0, "text", 50, 100))
    [run] = read_progress(tmp_path).runs
    assert (run.trial, run.step, run.num_steps) == (0, 50, 100)
    clock.now += SECONDS_BETWEEN / 2
    writer.training_progressed(Progress(0, "text", 60, 100))
    assert read_progress(tmp_path).runs == (run,)
    clock.now += 2 * SECONDS_BETWEEN
    writer.training_progressed(Progress(0, "text", 70, 100))
    clock.now += 55
    writer.trial_finished(make_trial(0))
    progress = read_progress(tmp_path)
    assert progress.runs == () and progress.num_done == 1
    assert progress.trials_per_hour == pytest.approx(3600 / 120)
    assert progress.seconds_left > 0 and progress.written_at == 1e9 + 220


def test_further_runs_are_expected_when_they_are_announced(writer, tmp_path: Path, make_trial) -> None:
    writer.trial_finished(make_trial(0))
    writer.confirmation_started(2)
    progress = read_progress(tmp_path)
    assert (progress.stage, progress.num_done, progress.num_expected) == (Stage.CONFIRMING, 1, 32)
    writer.trial_confirmed(make_trial(0))
    writer.long_runs_started(3)
    progress = read_progress(tmp_path)
    assert (progress.stage, progress.num_done, progress.num_expected) == (Stage.CHECKING, 2, 35)


def test_the_end_is_told(writer, tmp_path: Path, make_trial) -> None:
    writer.training_progressed(Progress(0, "text", 50, 100))
    writer.study_finished((make_trial(0),), make_front())
    progress = read_progress(tmp_path)
    assert (progress.stage, progress.share_done, progress.seconds_left, progress.runs) == (Stage.ENDED, 1, 0, ())
