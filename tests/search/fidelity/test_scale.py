"""The check one size up: the study's ranking against that of a larger model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from nas.patterns.primitives.scale import CarryRules
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings
from nas.results.measurement import Measurement, Outcome
from nas.results.observer import Observer
from nas.results.trial import Trial
from nas.search.fidelity.long_runs import study_ranking
from nas.search.fidelity.scale import scale_check
from nas.search.problem.larger import LargerModel
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecaster
from nas.search.settings import FidelitySettings
from nas.search.storage.study_folder import StudyFolder
from tests.toy_study import RUNGS, FakeExecutor, SilentTask, StartStudy, density, pretended, trained_store

LABEL = "silent_2x"


@pytest.fixture(scope="module")
def grown(problem: Problem) -> Problem:
    """The toy problem with a model of 128 tokens and four layers."""
    larger = LargerModel(
        scale=2,
        from_tokens=64,
        proxy=ProxySettings(num_layers=4),
        settings={},
        tasks={LABEL: SilentTask()},
        labels={"silent": LABEL},
        rules=CarryRules(),
    )
    return replace(problem, larger=larger)


def measured(quality: float, *, outcome: Outcome = Outcome.FINISHED) -> Measurement:
    if outcome is not Outcome.FINISHED:
        return structs.replace(Measurement.unfinished(0, 1e-3, RUNGS[-1], outcome), task=LABEL)
    return Measurement(
        seed=0,
        learning_rate=1e-3,
        step=RUNGS[-1],
        outcome=outcome,
        quality=quality,
        train_loss=quality,
        wall_seconds=1.0,
        task=LABEL,
        longer=(),
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_the_ranking_is_compared_with_the_larger_models(grown: Problem, sign: int) -> None:
    store = trained_store(grown, [3] * 5 + [1])
    ranking = study_ranking(store, grown, Forecaster(grown, store, RUNGS))
    there = {number: [measured(2 + sign * ranking[number]["quality"])] for number in range(6)}
    check = scale_check(store, grown, ranking, there, RUNGS[-1])
    assert check is not None
    assert (check.scale, check.num_tokens, check.num_layers, check.num_steps) == (2, 128, 4, RUNGS[-1])
    own = check.objectives["quality"]
    assert list(check.objectives) == ["quality"] and own.agreement is not None
    assert own.agreement.tau == sign
    spread = max(run.long for run in own.patterns) - min(run.long for run in own.patterns)
    assert own.regret_of_best == pytest.approx(0 if sign == 1 else spread)
    assert [(run.trial, run.short, run.forecast) for run in own.patterns] == [
        (number, ranking[number]["quality"], number == 5) for number in range(6)
    ]
    assert check.regret_of_front == pytest.approx(0), "by their costs alone, the sparsest are on both fronts"


def test_what_did_not_end_well_is_not_compared(grown: Problem) -> None:
    store = trained_store(grown, [3] * 3)
    ranking = study_ranking(store, grown, Forecaster(grown, store, RUNGS))
    lost = measured(0, outcome=Outcome.OUT_OF_MEMORY)
    check = scale_check(store, grown, ranking, {0: [measured(2.0)], 1: [lost], 2: [measured(2.1)]}, RUNGS[-1])
    assert [run.trial for run in check.objectives["quality"].patterns] == [0, 2]
    nothing = scale_check(store, grown, ranking, {1: [lost]}, RUNGS[-1])
    assert nothing.objectives["quality"].agreement is None and nothing.objectives["quality"].regret_of_best is None


def test_without_a_larger_model_nothing_is_checked(problem: Problem) -> None:
    store = trained_store(problem, [3] * 2)
    ranking = study_ranking(store, problem, Forecaster(problem, store, RUNGS))
    assert scale_check(store, problem, ranking, {}, 400) is None and problem.larger_step == 0


def test_a_step_of_twice_the_layers_and_tokens_takes_four_to_eight_times_the_flop(grown: Problem) -> None:
    """Matrices grow fourfold, attention eightfold, and the output matrix twofold."""
    assert 3 < grown.larger_step < 8


class Listener(Observer):
    """What it is told of the larger runs."""

    def __init__(self) -> None:
        self.announced: list[int] = []
        self.ended: list[int] = []

    def larger_runs_started(self, num_runs: int) -> None:
        self.announced.append(num_runs)

    def larger_run_ended(self, trial: Trial, measurements: Any) -> None:
        assert [one.task for one in measurements] == [LABEL]
        self.ended.append(trial.number)


def narrower_is_better_there(member: Member, task: str, rung: int) -> Measurement:
    made = pretended(member, task, rung)
    return structs.replace(made, quality=density(member.pattern)) if task == LABEL else made


def test_a_study_trains_the_carried_patterns_once_and_keeps_trials_as_they_are(
    start: StartStudy, problem: Problem, grown: Problem, tmp_path: Path
) -> None:
    fidelity, listener = FidelitySettings(num_patterns=3, times=2, num_seeds=1, scale=2), Listener()
    executor = FakeExecutor(measure=lambda member, task, rung: measure(seen, member, task, rung))
    seen: list[Member] = []
    there = {"with_problem": grown, "num_trials": 4, "fidelity": fidelity}
    front = start(tmp_path / "study", executor, observers=(listener,), **there)
    assert front.fidelity is not None and front.fidelity.larger is not None
    runs = front.fidelity.larger.objectives["quality"].patterns
    assert listener.announced == [3] and listener.ended == [run.trial for run in runs]
    trials = StudyFolder(tmp_path / "study").trials()
    assert {member.pattern for member in seen} == {grown.larger.form(trials[run.trial].pattern) for run in runs}
    assert len(seen) == 3
    assert all(one.task == "silent" for trial in trials for one in trial.measurements)

    again = FakeExecutor()
    assert start(tmp_path / "study", again, **there) == front and again.trained == [], "nothing is trained twice"
    alone = start(tmp_path / "alone", FakeExecutor(), **(there | {"with_problem": problem}))
    without = structs.replace(front.fidelity, larger=None)
    assert structs.replace(front, fidelity=without, study="") == structs.replace(alone, study="")


def measure(seen: list[Member], member: Member, task: str, rung: int) -> Measurement:
    if task == LABEL:
        seen.append(member)
    return pretended(member, task, rung)
