"""The fidelity report: how a study's ranking agrees with longer training."""

from dataclasses import replace

import pytest
from msgspec import structs

from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.results.fidelity import FidelityReport, ObjectiveFidelity
from nas.results.measurement import Measurement, Outcome
from nas.search.estimates import estimates
from nas.search.fidelity.agreement import agreement, agreement_without_noise, ranking_noise
from nas.search.fidelity.long_runs import LongRuns, study_ranking
from nas.search.fidelity.report import fidelity_report
from nas.search.front.front import front_trials
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecaster
from nas.search.scoring.noise import score_noise
from nas.search.trial_store import TrialStore
from nas.statistics.tau_posterior import noise_ceiling
from tests.toy_study import RUNGS, density, pretended, train_again, trained_store

LONG, SEEDS = 1600, (0, 1)
CONTENDERS = (1, 2, 6)


def without_noise(member: Member, task: str, rung: int) -> Measurement:
    return structs.replace(pretended(member, task, rung), quality=3.0 - density(member.pattern) + 40 / rung)


def turned_round(member: Member, task: str, rung: int) -> Measurement:
    return structs.replace(pretended(member, task, rung), quality=density(member.pattern) + 40 / rung)


def report_of(problem: Problem, store: TrialStore, chosen: list[int], *, long_runs=without_noise) -> FidelityReport:
    for number in chosen:
        member = Member(pattern=store[number].pattern, seed=0, learning_rate=1e-3)
        store.add_measurements(number, [long_runs(replace(member, seed=seed), "silent", LONG) for seed in SEEDS])
    ranking = study_ranking(store, problem, Forecaster(problem, store, RUNGS))
    training = TrainingSettings(num_steps=RUNGS[-1], num_rungs=len(RUNGS))
    front = front_trials(store.trials, problem, estimates(store.trials, problem))
    chances = dict.fromkeys(CONTENDERS, 0.5) | {0: 0.01}
    return fidelity_report(store, problem, training, RUNGS, ranking, front, chances, LongRuns(chosen, LONG, SEEDS))


def test_a_ranking_that_holds_is_better_than_chance_and_costs_nothing(problem: Problem) -> None:
    store = trained_store(problem, [3] * 6 + [1] * 2, measure=without_noise)
    report = report_of(problem, store, [0, 1, 2, 3, 4, 6])
    assert (report.num_steps, report.times, report.num_seeds) == (LONG, 4, 2)
    own = report.objectives["quality"]
    assert list(report.objectives) == ["quality"], "costs are counted, and need no check"
    assert own.agreement.tau == 1.0 and own.agreement.better_than_chance
    assert own.noise_ceiling is None and own.freed_of_noise is None, "no pattern has two seeds at the last rung"
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
    assert own.agreement.tau == -1.0 and not own.agreement.better_than_chance
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


def test_agreements_are_told_apart_by_what_the_search_knew(problem: Problem) -> None:
    """Halving had stopped two, and three may be on the front."""
    store = trained_store(problem, [3] * 6 + [1] * 2, measure=without_noise)
    own = report_of(problem, store, [0, 1, 2, 4, 6, 7]).objectives["quality"]
    nums = [one.num_patterns for one in (own.agreement, own.measured, own.forecast, own.contenders)]
    assert nums == [6, 4, 2, 3]
    assert own.measured.tau == 1.0 and own.agreement == agreement(*sides(own), range(8))
    assert own.forecast == agreement(*sides(own), [6, 7]) and own.contenders == agreement(*sides(own), CONTENDERS)


def sides(own: ObjectiveFidelity) -> tuple[dict[int, float], dict[int, float]]:
    """Values by the search and after the long runs."""
    return ({run.trial: run.short for run in own.patterns}, {run.trial: run.long for run in own.patterns})


def test_with_a_second_seed_noise_bounds_what_can_be_expected(problem: Problem) -> None:
    store = trained_store(problem, [3] * 6)
    for number in range(4):
        train_again(store, number, 1)
    report = report_of(problem, store, list(range(6)), long_runs=pretended)
    own, deviation = report.objectives["quality"], score_noise(store.trials, problem.scores, "quality")
    assert own.noise_ceiling == noise_ceiling([run.long for run in own.patterns], deviation**2 / 2)
    noise = ranking_noise(store.trials, deviation, deviation, RUNGS[-1], LONG, SEEDS)
    measured = {run.trial: store[run.trial].values["quality"] for run in own.patterns}
    assert measured != sides(own)[0], "estimates are not what was measured"
    assert own.freed_of_noise == agreement_without_noise(measured, sides(own)[1], noise)
    assert 0 < report.share_of_steps < 1 and report.untrained_share > 0


def test_a_study_of_which_nothing_is_left_reports_nothing(problem: Problem) -> None:
    report = report_of(problem, trained_store(problem, [0]), [])
    own = report.objectives["quality"]
    assert own.agreement is None and own.contenders is None and own.regret_of_best is None and own.noise_ceiling is None
    assert report.regret_of_front is None and report.untrained_share is None and report.share_of_steps == 0
