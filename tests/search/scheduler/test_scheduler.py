"""The scheduler: baselines, newcomers, promotions, and the trials that are forecast to be on the front."""

from collections.abc import Sequence

import pytest
from replay import MemoryDecisions

from nas.results.trial import Trial, TrialState
from nas.search.problem.problem import Problem
from nas.search.scheduler.decisions import Decisions
from nas.search.scheduler.forecast import LEAST_TRIALS, Forecaster
from nas.search.scheduler.scheduler import Scheduler
from nas.search.settings import ConstraintSettings
from nas.search.trial_store import TrialStore
from nas.statistics.pareto import nondominated
from tests.toy_study import NAMES, RUNGS, drawn, enter, train, trained_store


def scheduler_of(problem: Problem, store: TrialStore, rungs: tuple[int, ...] = RUNGS, ratio: int = 2) -> Scheduler:
    decisions = Decisions(MemoryDecisions())
    return Scheduler(problem, store, rungs, ratio, Forecaster(problem, store, rungs), decisions)


def numbers(trials: Sequence[Trial]) -> list[int]:
    return [trial.number for trial in trials]


def test_baselines_at_the_highest_rung_come_first(problem: Problem) -> None:
    store = TrialStore(problem, ConstraintSettings(), RUNGS)
    for name, pattern in problem.baselines.items():
        enter(store, pattern, name)
    scheduler = scheduler_of(problem, store)
    assert numbers(scheduler.next_baselines()) == [0, 1, 2, 3, 4, 5]
    train(store, 2, 100), train(store, 4, 100)
    assert numbers(scheduler.next_baselines()) == [2, 4]
    assert scheduler.rung_after(store[2]) == 200 and scheduler.rung_after(store[0]) == 100
    scheduler.started([store[2], store[4]])
    assert numbers(scheduler.next_baselines()) == [0, 1, 3, 5]
    scheduler.ended([2, 4])
    train(store, 2, 200, 400), train(store, 4, 200, 400)
    assert numbers(scheduler.next_baselines()) == [0, 1, 3, 5]
    assert scheduler.newcomers() == [], "baselines are no newcomers"


def test_newcomers_are_free_and_were_never_trained(problem: Problem) -> None:
    store = trained_store(problem, [0, 1, 0])
    scheduler = scheduler_of(problem, store)
    assert numbers(scheduler.newcomers()) == [0, 2]
    scheduler.started([store[0]])
    assert numbers(scheduler.newcomers()) == [2]
    scheduler.ended([0])
    assert numbers(scheduler.newcomers()) == [0, 2]


def test_while_agreement_is_unknown_a_few_are_promoted(problem: Problem) -> None:
    store = trained_store(problem, [1] * 12)
    scheduler = scheduler_of(problem, store)
    promoted = scheduler.next_promoted(more_to_come=True)
    assert len(promoted) == LEAST_TRIALS
    scheduler.started(promoted)
    assert scheduler.next_promoted(more_to_come=True) == []


def test_no_rung_promotes_more_than_its_share(problem: Problem) -> None:
    """Curves of the toy differ by a constant, so every rung is trusted once it has enough trials."""
    store = trained_store(problem, [1] * 16)
    scheduler = scheduler_of(problem, store)
    while promoted := scheduler.next_promoted(more_to_come=True):
        rung = scheduler.rung_after(promoted[0])
        assert {scheduler.rung_after(trial) for trial in promoted} == {rung}
        for trial in promoted:
            train(store, trial.number, rung)
    assert [len(store.rung_scores(rung)) for rung in RUNGS] == [16, 8, 4]


def test_with_one_rung_nothing_is_promoted(problem: Problem) -> None:
    store = TrialStore(problem, ConstraintSettings(), (400,))
    train(store, enter(store, drawn(problem, 1)[0]).number, 400)
    scheduler = scheduler_of(problem, store, (400,))
    assert scheduler.next_promoted(more_to_come=False) == scheduler.next_finalists() == []


def test_the_front_of_finished_trials_is_that_of_their_values(problem: Problem) -> None:
    store = trained_store(problem, [3] * 10)
    front = scheduler_of(problem, store).front()
    kept = nondominated([tuple(trial.values[name] for name in NAMES) for trial in store.trials])
    assert numbers(front) == kept and 0 < len(front) < 10


@pytest.mark.parametrize("flops_ratio", [0.5, 0.6])
def test_what_is_over_budget_is_not_on_the_front(problem: Problem, flops_ratio: float) -> None:
    budgets = ConstraintSettings(flops_ratio=flops_ratio)
    store = TrialStore(problem, budgets, RUNGS)
    for name, pattern in problem.baselines.items():
        train(store, enter(store, pattern, name).number, *RUNGS)
    assert {trial.state for trial in store.trials} == {TrialState.FINISHED, TrialState.OVER_BUDGET}
    front = scheduler_of(problem, store).front()
    assert front and all(trial.state is TrialState.FINISHED for trial in front)


def test_finalists_are_trained_on_until_the_front_is_at_the_last_rung(problem: Problem) -> None:
    store = trained_store(problem, [1] * 6 + [2] * 3)
    scheduler = scheduler_of(problem, store)
    first = scheduler.next_finalists()
    assert first and set(numbers(first)) <= set(numbers(scheduler.front()))
    while finalists := scheduler.next_finalists():
        assert len({trial.step for trial in finalists}) == 1
        train(store, finalists[0].number, scheduler.rung_after(finalists[0]))
    assert {trial.step for trial in scheduler.front()} == {400}


def test_promoted_trials_are_started_one_by_one_as_if_chosen_anew(problem: Problem) -> None:
    store = trained_store(problem, [1] * 8)
    scheduler = scheduler_of(problem, store)
    chosen: list[int] = []
    while waiting := scheduler.next_promoted(more_to_come=True):
        anew = scheduler_of(problem, store)
        anew.started([store[number] for number in chosen])
        assert numbers(waiting) == numbers(anew.next_promoted(more_to_come=True))
        scheduler.started(waiting[:1])
        chosen.append(waiting[0].number)
    assert len(chosen) == len(set(chosen)) == LEAST_TRIALS
    assert scheduler.next_promoted(more_to_come=False), "then its agreement stays unknown, and every trial passes"
