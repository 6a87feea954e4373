"""Agreement of counted and measured costs."""

import pytest

from nas.results.objective import COSTS, PROFILED
from nas.search.front.cost_agreement import cost_agreement
from nas.search.problem.problem import Problem
from tests.search.samplers.test_measured_costs import measured_store
from tests.toy_study import enter, trained_store


def test_nothing_measured_agrees_with_nothing(problem: Problem) -> None:
    assert cost_agreement(trained_store(problem, [1, 1]).trials) == ()


def test_every_pair_of_costs_is_compared_over_every_pattern_once(problem: Problem) -> None:
    store = measured_store(problem, 6)
    enter(store, store[2].pattern)
    found = cost_agreement(store.trials)
    assert [(one.measured, one.counted) for one in found] == [(m, c) for m in PROFILED for c in COSTS]
    rho = {(one.measured, one.counted): one.rho for one in found}
    assert rho["latency_ms", "flops"] == pytest.approx(1.0), "both rise with the pairs"
    assert rho["peak_memory_bytes", "flops"] is None, "the same for all"
    patterns = {trial.pattern.id for trial in store.trials if trial.pattern}
    assert {one.num_patterns for one in found} == {len(patterns)} and len(patterns) < len(store.trials)
