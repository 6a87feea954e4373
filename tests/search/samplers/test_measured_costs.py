"""Measured costs as samplers see them: what was measured as it was, everything else as a forecast."""

from dataclasses import replace

import pytest

from nas.results.objective import PROFILED
from nas.search.problem.problem import Problem
from nas.search.samplers.history import History
from nas.search.samplers.measured_costs import MeasuredCosts
from nas.search.scheduler.forecast import Forecaster
from nas.search.scoring.objectives import make_objectives
from nas.search.settings import ConstraintSettings
from nas.search.trial_store import TrialStore
from tests.profiles import make_profile
from tests.toy_study import RUNGS, density, drawn, enter


def measured_store(problem: Problem, count: int, budgets: ConstraintSettings | None = None) -> TrialStore:
    """Full attention and some patterns, measured: 100 ms per unit of density."""
    store = TrialStore(problem, budgets or ConstraintSettings(), RUNGS)
    for name, pattern in [("full", problem.baselines["full"]), *((None, one) for one in drawn(problem, count))]:
        trial = enter(store, pattern, name)
        if trial.duplicate_of is None:
            store.add_profile(trial.number, make_profile(pattern.id, latency_ms=100 * density(pattern)))
    return store


def test_without_a_measurement_there_is_nothing(problem: Problem) -> None:
    store = TrialStore(problem, ConstraintSettings(), RUNGS)
    enter(store, problem.baselines["full"], "full")
    assert MeasuredCosts(problem, store).of(problem.baselines["full"]) == {}


def test_what_was_measured_is_known_and_others_are_forecast(problem: Problem) -> None:
    store = measured_store(problem, 10)
    costs = MeasuredCosts(problem, store)
    for trial in store.trials:
        assert trial.pattern is not None and trial.profile is not None, "also a duplicate has what was measured"
        assert costs.of(trial.pattern) == {name: getattr(trial.profile, name) for name in PROFILED}
    for pattern in drawn(problem, 16)[10:]:
        assert costs.of(pattern)["latency_ms"] == pytest.approx(100 * density(pattern), rel=0.4)


def test_a_further_measurement_replaces_the_forecast(problem: Problem) -> None:
    store = measured_store(problem, 3)
    costs, new = MeasuredCosts(problem, store), drawn(problem, 4)[3]
    before = costs.of(new)["latency_ms"]
    number = enter(store, new).number
    store.add_profile(number, make_profile(new.id, latency_ms=before + 1))
    assert costs.of(new)["latency_ms"] == before + 1


def test_samplers_get_shares_and_refuse_what_is_forecast_over_budget(problem: Problem) -> None:
    goals = make_objectives(["quality", "latency_ms"], problem.scores)
    problem = replace(problem, objectives=goals)
    store = measured_store(problem, 8, ConstraintSettings(latency_ratio=0.4))
    history = History(problem, store, RUNGS, Forecaster(problem, store, RUNGS))
    full = density(problem.baselines["full"])
    verdicts = set()
    for trial in store.trials:
        assert trial.pattern is not None
        share = density(trial.pattern) / full
        assert history.view.costs(trial.pattern) == pytest.approx((share,))
        assert history.view.over_budget(trial.pattern) == (share > 0.4)
        verdicts.add(share > 0.4)
    assert verdicts == {True, False}
    observed, _ = history.all()
    over = next(one for one in observed[1:] if max(one.constraints.values(), default=0) > 0)
    assert over.values is not None and over.values[1] == pytest.approx(100 * density(over.pattern))
