"""The fidelity report: how a study's ranking agrees with longer training."""

from dataclasses import replace
from itertools import permutations

import pytest
from msgspec import structs

from nas.proxy.state.cohort_state import Member
from nas.results.fidelity import FidelityReport
from nas.results.measurement import Measurement, Outcome
from nas.search.fidelity.long_runs import study_ranking
from nas.search.fidelity.report import chance_of_agreement, fidelity_report
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecaster
from nas.search.trial_store import TrialStore
from nas.statistics.rank_agreement import kendall_tau
from tests.toy_study import RUNGS, density, pretended, trained_store

LONG, SEEDS = 1600, (0, 1)


def without_noise(member: Member, task: str, rung: int) -> Measurement:
    return structs.replace(pretended(member, task, rung), quality=3.0 - density(member.pattern) + 40 / rung)


def turned_round(member: Member, task: str, rung: int) -> Measurement:
    return structs.replace(pretended(member, task, rung), quality=density(member.pattern) + 40 / rung)


def report_of(problem: Problem, store: TrialStore, chosen: list[int], *, long_runs=without_noise) -> FidelityReport:
    for number in chosen:
        member = Member(pattern=store[number].pattern, seed=0, learning_rate=1e-3)
        store.add_measurements(number, [long_runs(replace(member, seed=seed), "silent", LONG) for seed in SEEDS])
    ranking = study_ranking(store, problem, Forecaster(problem, store, RUNGS))
    return fidelity_report(store, problem, ranking, RUNGS, LONG, chosen, SEEDS)


def test_a_ranking_that_holds_is_better_than_chance_and_costs_nothing(problem: Problem) -> None:
    store = trained_store(problem, [3] * 6 + [1] * 2, measure=without_noise)
    report = report_of(problem, store, [0, 1, 2, 3, 4, 6])
    assert (report.num_steps, report.times, report.num_seeds) == (LONG, 4, 2)
    own = report.objectives["quality"]
    assert list(report.objectives) == ["quality"], "costs are counted, and need no check"
    assert own.tau == own.tau_between_seeds == 1.0 and own.better_than_chance
    assert own.regret_of_best == own.regret_of_best_3 == 0.0
    assert [(run.trial, run.forecast) for run in own.patterns] == [(n, n == 6) for n in (0, 1, 2, 3, 4, 6)]
    for run in own.patterns[:5]:
        assert run.short == store[run.trial].values["quality"]
        assert run.long == pytest.approx(run.short - 40 / 400 + 40 / LONG)
    assert [(rung.num_steps, rung.num_trials, rung.tau) for rung in report.rungs] == [
        (100, 6, {"quality": 1.0}),
        (200, 6, {"quality": 1.0}),
    ]


def test_a_ranking_that_is_turned_round_costs_the_whole_range(problem: Problem) -> None:
    store = trained_store(problem, [3] * 6, measure=without_noise)
    own = report_of(problem, store, list(range(6)), long_runs=turned_round).objectives["quality"]
    long = [run.long for run in own.patterns]
    assert own.tau == -1.0 and not own.better_than_chance
    assert own.regret_of_best == pytest.approx(max(long) - min(long))
    assert own.regret_of_best_3 == pytest.approx(sorted(long)[3] - min(long))


def test_a_pattern_that_failed_with_one_seed_is_not_compared(problem: Problem) -> None:
    store = trained_store(problem, [3] * 4, measure=without_noise)
    lost = store[2].pattern

    def measure(member: Member, task: str, rung: int) -> Measurement:
        if member.pattern == lost and member.seed == 1:
            return Measurement.unfinished(1, 1e-3, rung, Outcome.DIVERGED, task)
        return without_noise(member, task, rung)

    own = report_of(problem, store, [0, 1, 2, 3], long_runs=measure).objectives["quality"]
    assert [run.trial for run in own.patterns] == [0, 1, 3]


@pytest.mark.parametrize("second", [[1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 3.0, 4.0], [4.0, 2.0, 1.0, 3.0]])
def test_chance_is_the_share_of_rankings_that_agree_as_well(second: list[float]) -> None:
    first = [1.0, 2.0, 3.0, 4.0]
    taus = [kendall_tau(first, list(other)) for other in permutations(first)]
    as_good = sum(tau >= kendall_tau(first, second) - 1e-9 for tau in taus)
    assert chance_of_agreement(first, second) == pytest.approx(as_good / len(taus))


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0]])
def test_where_nothing_differs_chance_is_unknown(values: list[float]) -> None:
    assert chance_of_agreement(values, list(range(len(values)))) is None
