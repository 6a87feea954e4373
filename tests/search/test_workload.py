"""The time left: how much of a study is done, in steps."""

from pathlib import Path
from typing import Any

import pytest

from nas.proxy.settings import TrainingSettings
from nas.report.progress.workload import Workload
from nas.results.objective import Score
from nas.results.observer import Observer, Progress, StudyPlan
from nas.search.settings import FidelitySettings
from tests.toy_study import FakeExecutor, StartStudy

SCORE = Score(name="quality", task="silent", times=1, unit="bits", direction="minimize", chance=8.0)
TRAINING = TrainingSettings(num_steps=400, num_rungs=3)


class Watcher(Observer):
    """Keeps a workload and what it says after every event."""

    def __init__(self):
        self.seen = []

    def study_started(self, info, plan, known):
        self.plan, self.work = plan, Workload(plan, info.scores, known)

    def training_progressed(self, progress):
        self.work.progressed(progress)

    def trial_advanced(self, trial):
        self.work.reached_rung(trial)
        self._look()

    def trial_finished(self, trial):
        self.work.finished(trial)
        self._look()

    def confirmation_started(self, num_trials):
        self.work.announced(num_trials, self.plan.rungs[-1])

    def long_runs_started(self, num_runs):
        self.work.announced(num_runs, self.plan.long_steps)

    def larger_runs_started(self, num_runs):
        self.work.announced_larger(num_runs)

    def larger_run_ended(self, trial, measurements):
        self.work.trained_larger(trial.number)
        self._look()

    def trial_confirmed(self, trial):
        self.work.trained_further(trial)
        self._look()

    def study_finished(self, trials, front):
        self._look()

    def _look(self):
        self.seen.append((self.work.done, self.work.expected))


def work_done(rungs, scoring):
    """What the executor was asked for: a fresh seed and a long run count from the start, and every run is scored."""
    legs = {100: 100, 200: 200 - 80, 400: 400 - 160}
    return sum(scoring + (rung if seed or rung > 400 else legs[rung]) for _, seed, rung in rungs)


@pytest.mark.parametrize("fidelity", [FidelitySettings(num_patterns=0), FidelitySettings(num_patterns=3, times=2)])
def test_all_steps_are_counted_and_about_as_many_were_expected(start: StartStudy, tmp_path: Path, fidelity):
    watcher, executor = Watcher(), FakeExecutor()
    start(tmp_path / "study", executor, observers=(watcher,), num_trials=30, training=TRAINING, fidelity=fidelity)
    done, expected = watcher.seen[-1]
    assert watcher.plan.scoring > 0
    assert done == pytest.approx(work_done(executor.rungs, watcher.plan.scoring))
    assert expected == pytest.approx(done, rel=0.25)
    assert all(done <= expected for done, expected in watcher.seen)


def test_runs_one_size_up_count_by_what_their_steps_take():
    search: dict[str, Any] = {"num_baselines": 1, "num_sampled": 0, "rungs": (400,), "legs": (400,)}
    none: dict[str, Any] = {
        "promoted_share": 0.5,
        "num_confirmations": 0,
        "confirmation": 8.0,
        "num_long_runs": 0,
        "scoring": 0.0,
    }
    work = Workload(StudyPlan(**search, **none, long_steps=800, num_larger_runs=3, larger_step=4.0), [SCORE], [])
    assert work.expected == 400 + 3 * 4 * 800
    work.announced_larger(2)
    assert work.expected == 400 + 2 * 4 * 800
    work.progressed(Progress(0, "silent_2x", 0, 800))
    work.progressed(Progress(0, "silent_2x", 100, 800))
    assert work.done == 4 * 100
    work.trained_larger(0)
    assert work.done == 4 * 800


def test_a_run_under_way_counts_from_where_it_went_on(start: StartStudy, tmp_path: Path):
    watcher = Watcher()
    start(tmp_path / "study", FakeExecutor(), observers=(watcher,), num_trials=2, training=TRAINING)
    before = watcher.work.done
    watcher.work.progressed(Progress(99, "silent", 160, 400))
    watcher.work.progressed(Progress(99, "silent", 200, 400))
    assert watcher.work.done == before + 40
