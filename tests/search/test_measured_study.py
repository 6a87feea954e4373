"""Studies whose patterns are measured on the device: once, before they are trained, and never again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.errors import InputError, StudyError
from nas.results.profile import Profile
from nas.results.trial import TrialState
from nas.search import study
from nas.search.executors.jobs import ProfileJob
from nas.search.problem.problem import Problem
from nas.search.scoring.objectives import make_objectives
from nas.search.settings import ConstraintSettings, StudySettings
from nas.search.storage.study_folder import StudyFolder
from tests.profiles import conditions
from tests.toy_study import FakeExecutor, StartStudy, Stop, pretended_profile

NAMES = ["quality", "latency_ms", "peak_memory_bytes"]


@pytest.fixture(scope="session")
def measured(problem: Problem) -> Problem:
    return replace(problem, objectives=make_objectives(NAMES, problem.scores))


@pytest.fixture
def begin(start: StartStudy, measured: Problem) -> Any:
    def begin_study(folder: Path, executor: FakeExecutor, **changes: Any) -> Any:
        return start(
            folder, executor, **({"with_problem": measured, "objectives": NAMES, "profiling": conditions()} | changes)
        )

    return begin_study


def test_every_pattern_is_measured_once_and_its_values_are_those(begin: Any, tmp_path: Path) -> None:
    executor = FakeExecutor()
    front = begin(tmp_path, executor)
    trials = StudyFolder(tmp_path).trials()
    own = [trial.number for trial in trials if trial.duplicate_of is None]
    assert executor.profiled == own
    for trial in trials:
        assert trial.profile is not None and trial.profile.conditions == conditions()
        assert not trial.values or trial.values["latency_ms"] == trial.profile.latency_ms
    full = next(trial.profile for trial in trials if trial.baseline == "full")
    assert full is not None
    for point in front.points:
        assert point.profile is not None
        assert point.ratio("latency_ms") == point.profile.latency_ms / full.latency_ms
    assert {one.num_patterns for one in front.cost_agreement} == {len(own)}
    assert all(volume >= 0 for _, volume in front.hypervolume_by_trial)


def test_a_study_stopped_anywhere_measures_nothing_again(begin: Any, tmp_path: Path) -> None:
    """No two measurements are the same, so a front of the same bytes has the stored ones."""
    for stop_after in (1, 5, 20):
        folder = tmp_path / str(stop_after)
        before, after = FakeExecutor(stop_after=stop_after), FakeExecutor()
        with pytest.raises(Stop):
            begin(folder, before)
        stored = {path: path.read_bytes() for path in folder.glob("trials/*/profile.json")}
        assert len(stored) == len(before.profiled) > 0
        begin(folder, after)
        assert set(before.profiled).isdisjoint(after.profiled)
        assert all(path.read_bytes() == content for path, content in stored.items())
        first = (folder / "front.json").read_bytes()
        begin(folder, idle := FakeExecutor())
        assert (folder / "front.json").read_bytes() == first
        assert (idle.profiled, idle.trained) == ([], [])


def test_what_is_over_a_measured_budget_is_not_trained(begin: Any, tmp_path: Path) -> None:
    executor = FakeExecutor()
    front = begin(tmp_path, executor, constraints={"latency_ratio": 0.5}, sampler="random", num_trials=16)
    trials = {trial.number: trial for trial in StudyFolder(tmp_path).trials()}
    full = trials[0].costs["latency_ms"]
    sampled = [trial for trial in trials.values() if trial.baseline is None and trial.duplicate_of is None]
    over = {trial.number for trial in sampled if trial.costs["latency_ms"] > 0.5 * full}
    assert over == {trial.number for trial in sampled if trial.state is TrialState.OVER_BUDGET} != set()
    assert over.isdisjoint(number for number, _ in executor.trained)
    assert all("constraints.latency_ratio allows 0.5" in trials[number].reason for number in over)
    assert front.points and all(point.ratio("latency_ms") <= 0.5 for point in front.points)


def test_a_pattern_that_cannot_be_measured_has_failed_and_is_tried_again(begin: Any, tmp_path: Path) -> None:
    def too_much(job: ProfileJob) -> Profile:
        if job.trial == 7:
            raise MemoryError
        if job.trial == 8:
            raise ZeroDivisionError("a defect")
        return pretended_profile(job)

    begin(tmp_path, executor := FakeExecutor(profile=too_much), sampler="random")
    folder = StudyFolder(tmp_path)
    assert (folder.trial(7).state, folder.trial(7).reason) == (TrialState.OUT_OF_MEMORY, "out of memory")
    assert (folder.trial(8).state, folder.trial(8).reason) == (TrialState.FAILED, "ZeroDivisionError: a defect")
    assert {7, 8}.isdisjoint(number for number, _ in executor.trained)
    begin(tmp_path, again := FakeExecutor(), sampler="random")
    assert again.profiled == [7, 8]
    assert {folder.trial(number).state for number in (7, 8)} <= {TrialState.FINISHED, TrialState.STOPPED}
    assert not list(tmp_path.glob("trials/*/failure.txt"))


def test_a_machine_that_cannot_run_full_attention_is_refused_before_training(begin: Any, tmp_path: Path) -> None:
    def too_much(job: ProfileJob) -> Profile:
        raise MemoryError

    executor = FakeExecutor(profile=too_much)
    with pytest.raises(StudyError, match=r"^target: full attention cannot be measured on it \(out of memory\)\. Choo"):
        begin(tmp_path, executor)
    assert executor.trained == []


def test_measurements_of_two_machines_are_not_mixed(begin: Any, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        begin(tmp_path, FakeExecutor(stop_after=9))
    elsewhere = conditions(device="another", num_threads=4)
    said = r"device: was 'any', now 'another'; num_threads: was 1, now 4\)\. Resume the study as it was started"
    with pytest.raises(StudyError, match=said):
        begin(tmp_path, FakeExecutor(), profiling=elsewhere)
    begin(tmp_path, FakeExecutor())
    begin(tmp_path, FakeExecutor(), profiling=elsewhere)


def test_a_profile_of_another_pattern_is_refused(begin: Any, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        begin(tmp_path, FakeExecutor(stop_after=9))
    here, there = (tmp_path / "trials" / name / "profile.json" for name in ("00001", "00002"))
    here.write_bytes(there.read_bytes())
    with pytest.raises(StudyError, match=r"trials/00001: profile\.json must be of the pattern"):
        begin(tmp_path, FakeExecutor())


def test_a_damaged_profile_is_named(begin: Any, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        begin(tmp_path, FakeExecutor(stop_after=1))
    path = tmp_path / "trials/00000/profile.json"
    document = json.loads(path.read_text())
    del document["latency_ms"]
    path.write_text(json.dumps(document))
    with pytest.raises(StudyError, match=r"profile\.json: .*latency_ms"):
        begin(tmp_path, FakeExecutor())


def test_faster_patterns_are_found(begin: Any, tmp_path: Path) -> None:
    """The sampler steers by forecasts of what it has not measured: half of what it samples is within a tight budget."""
    begin(tmp_path, FakeExecutor(), constraints={"latency_ratio": 0.45}, num_trials=16)
    sampled = [trial for trial in StudyFolder(tmp_path).trials() if trial.baseline is None]
    within = [trial for trial in sampled if trial.state is not TrialState.OVER_BUDGET]
    assert len(within) > len(sampled) / 2


def test_a_study_profiles_only_if_something_is_measured() -> None:
    assert not StudySettings().profiles
    assert StudySettings(objectives=["quality", "latency_ms"]).profiles
    assert StudySettings(constraints=ConstraintSettings(peak_memory_ratio=0.5)).profiles
    with pytest.raises(InputError, match=r"^constraints.latency_ratio: must be above 0 and at most 1"):
        ConstraintSettings(latency_ratio=1.5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"device": "cuda"}, r"^device: must be on this machine, which has 0 CUDA devices, got 'cuda'"),
        ({}, r"^target.num_tokens: must be at most \d+, as full attention over more needs more"),
    ],
)
def test_what_cannot_be_measured_here_is_refused_before_anything_is_written(
    changes: dict[str, Any], said: str, measured: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "make_problem", lambda settings: measured)
    monkeypatch.setattr("nas.profiling.conditions.available_bytes", lambda device: 1000)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    settings = StudySettings(study=str(tmp_path / "new"), objectives=NAMES, **changes)
    with pytest.raises(InputError, match=said):
        study.run_study(settings)
    assert list(tmp_path.iterdir()) == []
