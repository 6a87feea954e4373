"""Launches: what the storage lacks is trained, as a whole cohort, and nothing twice."""

import random
from pathlib import Path

import pytest

from nas.results.observer import Progress
from nas.results.trial import Trial, TrialState
from nas.search.executors.launcher import Launcher
from nas.search.problem.problem import Problem
from nas.search.storage.study_folder import StudyFolder
from tests.fronts import make_trial
from tests.toy_study import FakeExecutor, drawn, pretended

TASKS = ["silent", "narrow"]


@pytest.fixture
def trials(problem: Problem) -> list[Trial]:
    return [make_trial(number, TrialState.RUNNING, pattern=pattern) for number, pattern in enumerate(drawn(problem, 3))]


def launcher_in(folder: Path, executor: FakeExecutor, progress: list[Progress] | None = None) -> Launcher:
    seen = [] if progress is None else progress
    return Launcher(StudyFolder(folder), executor, TASKS, 1e-3, seen.append)


def test_a_launch_has_a_job_per_task_and_ends_with_its_measurements(trials: list[Trial], tmp_path: Path) -> None:
    progress: list[Progress] = []
    launcher = launcher_in(tmp_path, FakeExecutor(), progress)
    launch = launcher.launch(trials, 100, 7)
    assert [(job.task, job.trials, job.rung, job.seed) for job in launch.jobs] == [
        (task, (0, 1, 2), 100, 7) for task in TASKS
    ]
    assert [job.folders for job in launch.jobs] == [tuple(StudyFolder(tmp_path).trial_path(n) for n in range(3))] * 2
    measured = launcher.wait(launch)
    assert list(measured) == [0, 1, 2]
    for number, own in measured.items():
        assert [(one.task, one.seed, one.step) for one in own] == [(task, 7, 100) for task in TASKS]
        assert [one.quality for one in own] == [
            pretended(launch.jobs[0].members[number], task, 100).quality for task in TASKS
        ]
    assert sorted(progress, key=lambda news: news.task) == [Progress(0, task, 5, 10) for task in sorted(TASKS)]


def test_what_is_stored_is_not_trained_again(trials: list[Trial], tmp_path: Path) -> None:
    first = launcher_in(tmp_path, FakeExecutor())
    measured = first.wait(first.launch(trials, 100, 0))
    executor = FakeExecutor()
    again = launcher_in(tmp_path, executor)
    launch = again.launch(trials, 100, 0)
    assert launch.jobs == () and executor.queue == []
    assert again.wait(launch) == measured
    assert again.launch(trials, 200, 0).jobs and again.launch(trials, 100, 1).jobs, "another rung, another seed"


def test_a_cohort_of_which_one_result_is_lacking_is_trained_whole(trials: list[Trial], tmp_path: Path) -> None:
    first = launcher_in(tmp_path, FakeExecutor())
    first.wait(first.launch(trials, 100, 0))
    (StudyFolder(tmp_path).trial_path(1) / "seed-0-narrow-0000100.json").unlink()
    launch = launcher_in(tmp_path, FakeExecutor()).launch(trials, 100, 0)
    assert [(job.task, job.trials) for job in launch.jobs] == [("narrow", (0, 1, 2))]


@pytest.mark.parametrize("seed", range(3))
def test_launches_are_waited_for_in_any_order(trials: list[Trial], tmp_path: Path, seed: int) -> None:
    """The results of others that end meanwhile are kept, and not lost or waited for twice."""
    executor = FakeExecutor(random.Random(seed))
    launcher = launcher_in(tmp_path, executor)
    launches = [launcher.launch([trial], 100, 0) for trial in trials]
    measured = [launcher.wait(launch) for launch in reversed(launches)]
    assert [list(own) for own in measured] == [[2], [1], [0]]
    assert sorted(executor.trained) == [(number, 0) for number in range(3) for _ in TASKS]
