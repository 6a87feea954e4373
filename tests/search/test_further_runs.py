"""Training runs after the search: fresh seeds for the points of the front, and long runs."""

from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from nas.proxy.member import Member
from nas.results.measurement import Measurement
from nas.results.observer import Observer
from nas.results.trial import Trial
from nas.search.further_runs import trial_seed
from nas.search.problem.problem import Problem
from nas.search.settings import FidelitySettings, StudySettings
from tests.toy_study import FakeExecutor, StartStudy, density, pretended


class Listener(Observer):
    """Counts what is announced and what came."""

    def __init__(self) -> None:
        self.announced: list[int] = []
        self.long_runs: list[int] = []
        self.confirmed: list[int] = []

    def confirmation_started(self, num_trials: int) -> None:
        self.announced.append(num_trials)

    def long_runs_started(self, num_runs: int) -> None:
        self.long_runs.append(num_runs)

    def trial_confirmed(self, trial: Trial) -> None:
        self.confirmed.append(trial.number)


def test_seeds_differ_between_studies_and_runs_and_not_between_trials() -> None:
    seeds = [trial_seed(StudySettings(seed=seed), index) for seed in (0, 1, 5) for index in range(3)]
    assert seeds == [0, 1, 2, 1000, 1001, 1002, 5000, 5001, 5002]


def narrow_is_best(member: Member, task: str, rung: int) -> Measurement:
    """Quality falls with the pairs a pattern sees, so that full attention and other dense baselines are dominated."""
    made = pretended(member, task, rung)
    return replace(made, quality=made.quality + 2 * density(member.pattern))


def test_points_and_full_attention_are_confirmed(start: StartStudy, problem: Problem, tmp_path: Path) -> None:
    executor = FakeExecutor(measure=narrow_is_best)
    front = start(tmp_path / "study", executor, num_trials=4, confirm_seeds=2, seed=5)
    on_front = {entry.trial for entry in front.points}
    full, *others = front.baselines
    assert full.baseline == "full" and full.trial not in on_front
    for entry in (full, *front.points):
        assert entry.seeds == (5000, 5001, 5002)
        assert entry.spread["quality"] > 0
    dominated = [entry for entry in others if entry.trial not in on_front]
    assert dominated and all(entry.seeds == (5000,) for entry in dominated)
    assert front.noise["quality_standard_deviation"] == pytest.approx(0.02, rel=0.5)


def test_every_announced_run_is_trained_once_and_reported(start: StartStudy, tmp_path: Path) -> None:
    listener, executor = Listener(), FakeExecutor()
    fidelity = FidelitySettings(num_patterns=3, times=2, num_seeds=2)
    start(tmp_path / "study", executor, observers=(listener,), num_trials=4, confirm_seeds=1, fidelity=fidelity)
    confirmed = [trial for trial, seed, rung in executor.rungs if (seed, rung) == (1, 400)]
    long_runs = [(trial, seed) for trial, seed, rung in executor.rungs if rung == 800]
    assert sum(listener.announced) == len(confirmed) == len(set(confirmed))
    assert listener.long_runs == [len(long_runs)] == [len(set(long_runs))] == [6]
    assert Counter(listener.confirmed) == Counter([*confirmed, *(trial for trial, _ in long_runs)])


def test_a_study_without_a_report_says_so(start: StartStudy, tmp_path: Path) -> None:
    assert start(tmp_path / "study", FakeExecutor(), num_trials=1).fidelity is None


def test_no_seed_more_confirms_nothing(start: StartStudy, tmp_path: Path) -> None:
    listener, executor = Listener(), FakeExecutor()
    start(tmp_path / "study", executor, observers=(listener,), num_trials=3, confirm_seeds=0)
    assert listener.announced == [] and {seed for _, seed, _ in executor.rungs} == {0}
