"""The history that samplers are given: what each trial shows with the search's own seed."""

import pytest
from msgspec.structs import replace

from nas.proxy.member import Member
from nas.results.measurement import Measurement, Outcome
from nas.results.objective import cost_values
from nas.search.problem.problem import Problem
from nas.search.samplers.history import History
from nas.search.samplers.observation import TRAINED
from nas.search.scheduler.forecast import Forecaster
from nas.search.settings import ConstraintSettings
from nas.search.trial_store import TrialStore
from nas.space.random_suggester import RandomSuggester
from tests.toy_study import RUNGS, drawn, enter, over_two, pretended, train, trained_store


def history_of(problem: Problem, store: TrialStore) -> History:
    return History(problem, store, RUNGS, Forecaster(problem, store, RUNGS))


def shares(problem: Problem, store: TrialStore, number: int) -> tuple[float, ...]:
    cost, full = store[number].cost, problem.full_cost
    return (cost.attention_flops / full.attention_flops, cost.kv_cache_bytes / full.kv_cache_bytes)


def test_a_trial_is_given_with_its_results_or_with_its_forecast(problem: Problem) -> None:
    store = trained_store(problem, [3, 3, 3, 1, 0])
    observations, _ = history_of(problem, store).all()
    assert [one.pattern for one in observations] == [trial.pattern for trial in store.trials]
    for number, one in enumerate(observations):
        assert one.costs == pytest.approx(shares(problem, store, number))
        reached = [rung for rung in RUNGS if rung <= store[number].step]
        qualities = [store.rung_scores(rung)[number]["quality"] for rung in reached]
        assert one.rung_values == ((*qualities, *[None] * (3 - len(reached))),)
    assert [one.values for one in observations[:3]] == [tuple(trial.values.values()) for trial in store.trials[:3]]
    forecast = Forecaster(problem, store, RUNGS).now().values[3]
    assert observations[3].values == tuple(forecast.values()) != tuple(store[3].values.values())
    assert (observations[4].values, observations[4].constraints) == (None, {})
    assert {one.constraints[TRAINED] for one in observations[:4]} == {0.0}


def test_later_seeds_change_nothing(problem: Problem) -> None:
    store = trained_store(problem, [3, 3])
    history = history_of(problem, store)
    before = history.all()
    member = Member(pattern=store[0].pattern, seed=1, learning_rate=1e-3)
    store.add_measurements(0, [pretended(member, "silent", 400)])
    assert history.all() == before


def test_what_cannot_be_on_the_front_is_at_chance_with_a_broken_constraint(problem: Problem) -> None:
    def diverge(member: Member, task: str, rung: int) -> Measurement:
        return Measurement.unfinished(0, 1e-3, rung, Outcome.DIVERGED, task)

    store = TrialStore(problem, ConstraintSettings(flops_ratio=0.5), RUNGS)
    sparse = min(drawn(problem, 12), key=lambda pattern: problem.cost(pattern).attention_flops)
    diverged, over, impossible = (enter(store, pattern).number for pattern in (sparse, problem.baselines["full"], None))
    train(store, diverged, 100, measure=diverge)
    observations, _ = history_of(problem, store).all()
    chance = problem.scores[0].chance
    assert [one.values[0] for one in observations] == [chance] * 3
    assert observations[over].values[1:] == (problem.full_cost.attention_flops, problem.full_cost.kv_cache_bytes)
    assert observations[impossible].values == observations[over].values, "without a pattern it costs as full attention"
    assert {number: one.constraints for number, one in enumerate(observations)} == {
        diverged: {"flops_ratio": pytest.approx(shares(problem, store, diverged)[0] - 0.5), TRAINED: 1.0},
        over: {"flops_ratio": pytest.approx(0.5), TRAINED: 0.0},
        impossible: {"flops_ratio": pytest.approx(0.5), TRAINED: 1.0},
    }
    assert [one.was_tried for one in observations] == [True, False, True]


def test_a_duplicate_has_what_its_original_shows_and_its_own_suggestion(problem: Problem) -> None:
    store = trained_store(problem, [3, 1])
    enter(store, store[1].pattern)
    (_, original, duplicate), _ = history_of(problem, store).all()
    assert duplicate == replace(original, suggestion=store.suggestion(2))
    assert duplicate.suggestion is store.suggestion(2)


def test_a_mean_rank_is_the_forecast_one_at_every_rung(problem: Problem) -> None:
    two = over_two(problem, "mean_rank")
    store = trained_store(two, [3, 2, 1], tasks=("silent", "narrow"))
    forecast = Forecaster(two, store, RUNGS).now().values
    for number, one in enumerate(history_of(two, store).all()[0]):
        assert one.rung_values == ((forecast[number]["quality"],) * 3,)


def test_beyond_a_few_trials_what_advanced_since_the_last_reading_counts_as_running(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("nas.search.trial_store", "nas.search.samplers.history"):
        monkeypatch.setattr(f"{module}.EXACT", 4)
    store = trained_store(problem, [1, 1, 1, 1])  # 4 advances: from now on every 2nd is read
    history = history_of(problem, store)
    before, num_read = history.all()
    assert (num_read, len(before)) == (4, 4)
    new = drawn(problem, 6)[4:]
    enter(store, new[0]), enter(store, new[1]), enter(store, new[0])
    train(store, 4, 100)
    later, num_read = history.all()
    assert (store.reading, num_read) == (4, 4) and later[:4] == before
    assert [one.values for one in later[4:]] == [None] * 3
    assert later[6] == replace(later[4], suggestion=store.suggestion(6))
    assert store.catch_up() and not store.catch_up()
    latest, num_read = history.all()
    assert num_read == 7 and latest[4].values is not None and latest[5].values is None
    assert latest == history_of(problem, store).all()[0]


def test_a_sampler_explores_the_space_of_the_study(problem: Problem) -> None:
    store = TrialStore(problem, ConstraintSettings(flops_ratio=0.4), RUNGS)
    view = history_of(problem, store).view
    verdicts = set()
    for seed in range(12):
        pattern = view.sample(RandomSuggester(seed))
        assert pattern == problem.sample(RandomSuggester(seed))
        cost = problem.cost(pattern)
        assert view.costs(pattern)[0] == pytest.approx(cost.attention_flops / problem.full_cost.attention_flops)
        assert view.over_budget(pattern) == (not store.keeps_budgets(cost_values(cost)))
        assert view.identity(pattern) == problem.shape.identity(pattern)
        verdicts.add(view.over_budget(pattern))
    assert verdicts == {True, False} and view.rungs == RUNGS
