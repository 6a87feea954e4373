"""Launches: what the storage lacks is trained, as a whole cohort, and nothing twice."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.patterns.model import ModelPattern
from nas.patterns.stretch import stretched
from nas.proxy.member import Member
from nas.results.measurement import Measurement
from nas.results.observer import Progress
from nas.results.trial import Trial, TrialState
from nas.search.executors.jobs import JobResult
from nas.search.executors.launcher import Launcher
from nas.search.problem.problem import Problem
from nas.search.storage.study_folder import StudyFolder
from tests.fronts import make_trial
from tests.toy_study import FakeExecutor, drawn, pretended

TASKS = ["silent", "narrow"]
CONDITIONS = {"silent": "0123", "narrow": "4567"}


@pytest.fixture
def trials(problem: Problem) -> list[Trial]:
    return [make_trial(number, TrialState.RUNNING, pattern=pattern) for number, pattern in enumerate(drawn(problem, 3))]


def launcher_in(
    folder: Path,
    executor: FakeExecutor,
    progress: list[Progress] | None = None,
    conditions: Mapping[str, str] = CONDITIONS,
) -> Launcher:
    seen = [] if progress is None else progress
    return Launcher(StudyFolder(folder), executor, conditions, 1e-3, seen.append)


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


def test_what_is_trained_is_the_form_of_a_pattern(trials: list[Trial], tmp_path: Path) -> None:
    def form(pattern: ModelPattern) -> ModelPattern:
        return stretched(pattern, 4, pattern.num_heads)

    launcher = Launcher(StudyFolder(tmp_path), FakeExecutor(), CONDITIONS, 1e-3, lambda news: None, form=form)
    launch = launcher.launch(trials, 100, 0)
    assert [one.pattern for one in launch.jobs[0].members] == [form(trial.pattern) for trial in trials]
    for number, own in launcher.wait(launch).items():
        assert {one.pattern_id for one in own} == {form(trials[number].pattern).id_in_order}
    with pytest.raises(StudyError, match="must have the pattern_id"):
        launcher_in(tmp_path, FakeExecutor()).launch(trials, 100, 0)


@pytest.mark.parametrize("seed", range(3))
def test_launches_are_waited_for_in_any_order(trials: list[Trial], tmp_path: Path, seed: int) -> None:
    """The results of others that end meanwhile are kept, and not lost or waited for twice."""
    executor = FakeExecutor(random.Random(seed))
    launcher = launcher_in(tmp_path, executor)
    launches = [launcher.launch([trial], 100, 0) for trial in trials]
    measured = [launcher.wait(launch) for launch in reversed(launches)]
    assert [list(own) for own in measured] == [[2], [1], [0]]
    assert sorted(executor.trained) == [(number, 0) for number in range(3) for _ in TASKS]


def test_a_cohort_that_fails_is_tried_one_by_one(trials: list[Trial], tmp_path: Path) -> None:
    """Only the member that makes it fail has failed then; those of other launches are not held up."""
    culprit = trials[1].pattern

    def measure(member: Member, task: str, rung: int) -> Measurement:
        if member.pattern == culprit and task == "narrow":
            raise ZeroDivisionError("a defect")
        return pretended(member, task, rung)

    executor = FakeExecutor(measure=measure)
    launcher = launcher_in(tmp_path, executor)
    measured = launcher.wait(launcher.launch(trials, 100, 7))
    outcomes = {number: [one.outcome.value for one in own] for number, own in measured.items()}
    assert outcomes == {0: ["finished"] * 2, 1: ["finished", "failed"], 2: ["finished"] * 2}
    assert measured[1][1].reason == "ZeroDivisionError: a defect"
    assert (StudyFolder(tmp_path).trial_path(1) / "failure.txt").read_text().startswith("Traceback")
    assert len(list(tmp_path.glob("trials/*/failure.txt"))) == 1


@pytest.mark.parametrize("what", ["another trial", "another task", "another setting", "an older nas"])
def test_a_measurement_of_something_else_is_refused(trials: list[Trial], tmp_path: Path, what: str) -> None:
    first = launcher_in(tmp_path, FakeExecutor())
    first.wait(first.launch(trials, 100, 0))
    here, there = (StudyFolder(tmp_path).trial_path(number) / "seed-0-silent-0000100.json" for number in (0, 1))
    conditions = CONDITIONS
    if what == "another trial":
        here.write_bytes(there.read_bytes())
    elif what == "another task":
        here.write_bytes(here.with_name("seed-0-narrow-0000100.json").read_bytes())
    elif what == "another setting":
        conditions = CONDITIONS | {"silent": "89ab"}
    else:
        document = json.loads(here.read_text())
        del document["pattern_id"]
        here.write_text(json.dumps(document))
    again = launcher_in(tmp_path, FakeExecutor(), conditions=conditions)
    said = "the measurement on silent with seed 0 at step 100 must have"
    with pytest.raises(
        StudyError, match=f"trials/00000: {said if what != 'an older nas' else 'was measured by an ol'}"
    ):
        again.launch(trials, 100, 0)


def test_a_result_that_was_not_asked_for_is_dropped(trials: list[Trial], tmp_path: Path) -> None:
    """Such as the second one of a worker that was given up, or that of another study on the same cluster."""
    executor = FakeExecutor()
    launcher = launcher_in(tmp_path, executor)
    launch = launcher.launch(trials[:1], 100, 0)
    executor.queue += [launch.jobs[0], replace(launch.jobs[0], seed=9)]
    [measured] = launcher.wait(launch).values()
    assert [one.task for one in measured] == TASKS
    while executor.queue:
        result = executor.next_result(lambda *_: None)
        assert isinstance(result, JobResult)
        launcher._keep(result)
    assert sorted(path.name for path in tmp_path.glob("trials/*/seed-*")) == [
        f"seed-0-{task}-0000100.json" for task in sorted(TASKS)
    ]
