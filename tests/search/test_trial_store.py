"""The store of trials: the state, scores and values that follow from what is known of each."""

import pytest
from msgspec.structs import replace

from nas.proxy.member import Member
from nas.results.measurement import Measurement, Outcome
from nas.results.objective import cost_values
from nas.results.trial import TrialState
from nas.search.problem.problem import Problem
from nas.search.scoring.objectives import values_by_trial
from nas.search.settings import ConstraintSettings
from nas.search.trial_store import TrialStore
from tests.toy_study import RUNGS, drawn, enter, over_two, pretended, train, trained_store

FREE = ConstraintSettings()


def test_a_new_pattern_waits_for_training_and_a_known_one_does_not(problem: Problem) -> None:
    store = TrialStore(problem, FREE, RUNGS)
    one, other = drawn(problem, 2)
    states = [enter(store, pattern).state for pattern in (one, other, one)]
    assert states == [TrialState.RUNNING, TrialState.RUNNING, TrialState.DUPLICATE]
    assert (store[2].duplicate_of, store[2].reason) == (0, "the same pattern as trial 0")
    impossible = enter(store, None)
    assert (impossible.state, impossible.cost, impossible.reason) == (TrialState.IMPOSSIBLE, None, "width: no")
    assert [trial.number for trial in store.trials] == [0, 1, 2, 3]


def test_a_duplicate_follows_its_original(problem: Problem) -> None:
    store = TrialStore(problem, FREE, RUNGS)
    [pattern] = drawn(problem, 1)
    enter(store, pattern), enter(store, pattern)
    for rung in RUNGS:
        original = train(store, 0, rung)
        copied = replace(store[1], number=0, state=original.state, duplicate_of=None, reason="")
        assert copied == original and original.values


def test_a_sampled_pattern_over_budget_is_not_trained_and_a_baseline_is(problem: Problem) -> None:
    store = TrialStore(problem, ConstraintSettings(flops_ratio=0.5), RUNGS)
    full = problem.baselines["full"]
    baseline = enter(store, full, "full")
    assert baseline.state is TrialState.RUNNING
    sampled = enter(TrialStore(problem, ConstraintSettings(flops_ratio=0.5), RUNGS), full)
    assert (sampled.state, sampled.values) == (TrialState.OVER_BUDGET, {})
    assert sampled.reason == "costs 1.000 of full attention, constraints.flops_ratio allows 0.5"
    ended = train(store, 0, *RUNGS)
    assert (ended.state, ended.reason) == (TrialState.OVER_BUDGET, sampled.reason) and ended.values


def test_scores_are_those_of_the_highest_rung(problem: Problem) -> None:
    store = trained_store(problem, [0, 1, 2, 3])
    states = [TrialState.RUNNING, TrialState.STOPPED, TrialState.STOPPED, TrialState.FINISHED]
    assert [trial.state for trial in store.trials] == states
    assert [trial.step for trial in store.trials] == [0, 100, 200, 400]
    for trial in store.trials[1:]:
        last = trial.measurements[-1]
        assert trial.scores == {"quality": last.quality}
        assert trial.values == {
            "quality": last.quality,
            "flops": trial.cost.attention_flops,
            "kv_cache_bytes": trial.cost.kv_cache_bytes,
        }
    assert [sorted(store.rung_scores(rung)) for rung in RUNGS] == [[1, 2, 3], [2, 3], [3]]
    assert store.rung_values(400) == {3: store[3].values}
    assert store.reading == 6


@pytest.mark.parametrize(
    ("outcome", "state", "own", "reason"),
    [
        (Outcome.DIVERGED, TrialState.DIVERGED, "", "the loss or a gradient was no longer finite"),
        (Outcome.OUT_OF_MEMORY, TrialState.OUT_OF_MEMORY, "", "out of memory"),
        (Outcome.OUT_OF_MEMORY, TrialState.OUT_OF_MEMORY, "its worker was killed", "its worker was killed"),
        (Outcome.FAILED, TrialState.FAILED, "ValueError: no", "ValueError: no"),
    ],
)
def test_a_failed_run_fails_its_trial(
    problem: Problem, outcome: Outcome, state: TrialState, own: str, reason: str
) -> None:
    def fail_at_200(member: Member, task: str, rung: int) -> Measurement:
        return Measurement.unfinished(0, 1e-3, rung, outcome, own) if rung == 200 else pretended(member, task, rung)

    failed = trained_store(problem, [2], measure=fail_at_200)[0]
    assert (failed.state, failed.reason, failed.scores, failed.values) == (state, reason, {}, {})
    assert [one.step for one in failed.measurements] == [100, 200]


def test_further_seeds_move_the_scores_and_not_what_samplers_see(problem: Problem) -> None:
    store = trained_store(problem, [3])
    first = store[0].scores["quality"]
    seen = dict(store.rung_scores(400)[0])
    more = [
        pretended(Member(pattern=store[0].pattern, seed=seed, learning_rate=1e-3), "silent", 400) for seed in (1, 2)
    ]
    longer = pretended(Member(pattern=store[0].pattern, seed=0, learning_rate=1e-3), "silent", 1600)
    trial = store.add_measurements(0, [*more, longer])
    assert trial.scores["quality"] == pytest.approx((first + more[0].quality + more[1].quality) / 3)
    assert trial.values["quality"] == trial.scores["quality"] != first
    assert (trial.seeds, trial.step) == ((0, 1, 2), 400)
    assert store.rung_scores(400)[0] == seen


def test_a_mean_rank_changes_with_every_trial_that_reaches_the_rung(problem: Problem) -> None:
    two = over_two(problem, "mean_rank")
    store = trained_store(two, [1, 1, 2], tasks=("silent", "narrow"))
    alone = store[2].values["quality"]
    assert alone == 0.0
    before = [trial.values["quality"] for trial in store.trials[:2]]
    assert sum(before) == pytest.approx(1.0), "ranks among the two of the rung average one half"
    train(store, 0, 200, tasks=("silent", "narrow"))
    assert [store[number].values["quality"] for number in (0, 2)] != [before[0], alone]
    assert store[0].values["quality"] + store[2].values["quality"] == pytest.approx(1.0)
    assert store[1].values["quality"] == 0.0


def test_a_budget_is_kept_by_what_does_not_exceed_it(problem: Problem) -> None:
    store = TrialStore(problem, ConstraintSettings(flops_ratio=0.4, tile_ratio=1.0, kv_cache_ratio=0.9), RUNGS)
    verdicts = set()
    for pattern in drawn(problem, 12):
        cost = problem.cost(pattern)
        flops = cost.attention_flops / problem.full_cost.attention_flops
        cache = cost.kv_cache_bytes / problem.full_cost.kv_cache_bytes
        tiles = cost.tile_flops / problem.full_cost.tile_flops
        expected = {"flops_ratio": flops - 0.4, "tile_ratio": tiles - 1, "kv_cache_ratio": cache - 0.9}
        assert store.excesses(cost_values(cost)) == pytest.approx(expected)
        assert store.keeps_budgets(cost_values(cost)) == (flops <= 0.4 and cache <= 0.9)
        verdicts.add(store.keeps_budgets(cost_values(cost)))
    assert verdicts == {True, False}


@pytest.mark.parametrize("how", ["separate", "mean_rank"])
def test_values_are_those_of_a_store_that_knew_everything_at_once(problem: Problem, how: str) -> None:
    two = over_two(problem, how)
    store = trained_store(two, [3, 1, 2, 0, 3], tasks=("silent", "narrow"))
    enter(store, store[1].pattern)
    train(store, 1, 200, tasks=("silent", "narrow"))
    for rung in RUNGS:
        here = [trial for trial in store.trials[:5] if trial.step == rung]
        scores = {trial.number: trial.scores for trial in here}
        costs = {trial.number: trial.costs for trial in here}
        assert {one.number: one.values for one in here} == values_by_trial(two.objectives, scores, costs)
        reached = store.rung_scores(rung)
        costs = {number: store[number].costs for number in reached}
        assert store.rung_values(rung) == values_by_trial(two.objectives, reached, costs)
    assert store[5].values == store[1].values and store[5].step == 200
    assert [trial.number for trial in store.running] == [3]


def test_trials_are_read_more_seldom_the_more_there_are(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.search.trial_store.EXACT", 4)
    store, readings = trained_store(problem, [0] * 9), []
    for number in range(9):
        train(store, number, 100)
        readings.append(store.reading)
    assert readings == [1, 2, 3, 4, 4, 6, 6, 8, 8]
    assert (store.catch_up(), store.reading, store.catch_up()) == (True, 9, False)
    train(store, 0, 200)
    assert store.reading == 9
