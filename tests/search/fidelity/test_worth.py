"""What a front is worth in hypervolume, on values made by hand."""

import random

import pytest
from msgspec import structs

from nas.proxy.member import Member
from nas.results.measurement import Measurement
from nas.search.estimates import estimates
from nas.search.fidelity.long_runs import study_ranking
from nas.search.fidelity.worth import regret_of_front, untrained_share
from nas.search.front.front import front_trials
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecaster
from nas.search.settings import ConstraintSettings
from nas.search.trial_store import TrialStore
from nas.statistics.pareto import hypervolume
from tests.toy_study import RUNGS, drawn, enter, over_two, pretended, train, train_again, trained_store


def values(quality: float, flops: float, cache: float = 1.0) -> dict[str, float]:
    return {"quality": quality, "flops": flops, "kv_cache_bytes": cache}


def test_the_regret_is_the_hypervolume_that_the_chosen_front_lacks(problem: Problem) -> None:
    """By the search 1 dominates 2; by the long runs it is the other way round."""
    ranking = {
        0: values(1.0, 4.0, 1.0),
        1: values(2.0, 2.0, 1.0),
        2: values(2.5, 2.0, 1.0),
        3: values(4.0, 1.0, 4.0),
        4: values(9.0, 9.0, 9.0),
    }
    long = ranking | {1: values(2.5, 2.0, 1.0), 2: values(2.0, 2.0, 1.0)}
    points = [tuple(long[number].values()) for number in (0, 1, 3)]
    best = [tuple(long[number].values()) for number in (0, 2, 3)]
    reference = (9.0, 9.0, 9.0)
    lost = 1 - hypervolume(points, reference) / hypervolume(best, reference)
    store = TrialStore(problem, ConstraintSettings(), RUNGS)
    assert regret_of_front(store, problem, ranking, long) == pytest.approx(lost) and lost > 0.01
    assert regret_of_front(store, problem, ranking, ranking) == 0
    assert regret_of_front(store, problem, ranking, {0: ranking[0]}) is None
    assert regret_of_front(store, problem, ranking, {}) is None


def test_what_a_search_ranks_below_every_baseline_hides_no_regret(problem: Problem) -> None:
    """Below a reference that is far away every choice is worth nearly the same."""
    ranking = {0: values(2.5, 4.0, 2.0), 1: values(2.0, 2.0), 2: values(2.2, 2.0), 3: values(90.0, 1.0, 2.0)}
    long = ranking | {1: values(2.4, 2.0), 2: values(2.0, 2.0)}
    alone = TrialStore(problem, ConstraintSettings(), RUNGS)
    store = TrialStore(problem, ConstraintSettings(), RUNGS)
    enter(store, drawn(problem, 1)[0], baseline="full")
    hidden, told = (regret_of_front(trials, problem, ranking, long) for trials in (alone, store))
    assert hidden is not None and hidden < 0.01
    assert told is not None and told > 0.5


def exact(member: Member, task: str, rung: int) -> Measurement:
    """The seed 0 is lucky."""
    quality = random.Random(member.pattern.id).random() + (0.0 if member.seed else -0.5)
    return structs.replace(pretended(member, task, rung), quality=quality)


def ranked(problem: Problem, store: TrialStore):
    return study_ranking(store, problem, Forecaster(problem, store, RUNGS))


def test_what_needs_no_training_is_the_baselines_and_an_even_spread(problem: Problem) -> None:
    store = TrialStore(problem, ConstraintSettings(), RUNGS)
    patterns = drawn(problem, 10)
    for number, pattern in enumerate(patterns):
        train(store, enter(store, pattern, baseline="full" if number == 0 else None).number, *RUNGS, measure=exact)
    front = front_trials(store.trials, problem, estimates(store.trials, problem))
    for trial in front:
        train_again(store, trial.number, 1, measure=exact)
    front = [store[trial.number] for trial in front]
    num = sum(trial.baseline is None for trial in front)
    by_cost = sorted(store.trials[1:], key=lambda one: (one.cost.attention_flops, one.number))
    spread = [by_cost[int((place + 0.5) * 9 / num)] for place in range(num)]
    assert 1 < num < 9

    def point(trial):
        one = exact(Member(pattern=trial.pattern, seed=int(trial in front), learning_rate=1e-3), "silent", 400)
        return (one.quality, trial.costs["flops"], trial.costs["kv_cache_bytes"])

    union = [point(trial) for trial in {one.number: one for one in [*front, store[0], *spread]}.values()]
    counted = [one for one in union if one[0] <= point(store[0])[0]]
    assert len(counted) < len(union), "some are worse than the baseline"
    reference = tuple(map(max, zip(*counted, strict=True)))
    expected = hypervolume([point(one) for one in [store[0], *spread]], reference)
    expected /= hypervolume([point(one) for one in front], reference)
    assert untrained_share(store, problem, ranked(problem, store), front, 0) == pytest.approx(expected)


def test_ranks_and_empty_fronts_have_no_worth(problem: Problem) -> None:
    store = trained_store(problem, [0])
    assert untrained_share(store, problem, {}, [], 0) is None
    two = over_two(problem, "mean_rank")
    store = trained_store(two, [3, 3], tasks=("silent", "narrow"))
    assert untrained_share(store, two, ranked(two, store), list(store.trials), 0) is None
