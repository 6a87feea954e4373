"""Health checks of how a search went: what makes each good, worth a look, bad or unknown."""

from typing import Any

import pytest
from msgspec.structs import replace

from nas.report.study.health_check import HealthCheck, Verdict
from nas.results.fidelity import RungAgreement
from nas.results.front import Contender
from nas.results.trial import TrialState
from tests.fronts import make_fidelity, make_front, make_trial
from tests.records import check_about, make_record, trained_trial

GOOD, LOOK, BAD, UNKNOWN = Verdict


@pytest.mark.parametrize(("before", "verdict"), [(1.0, GOOD), (0.97, LOOK), (0.6, BAD)])
def test_a_search_that_still_rises_is_not_over(before, verdict):
    trials = [trained_trial(n, 2.6, 2.5, 2.4) for n in range(8)]
    volumes = tuple((n, before if n < 6 else 1.0) for n in range(8))
    found = check_about("stopped finding", make_record(make_front(hypervolume_by_trial=volumes), trials))
    assert found.verdict is verdict
    assert ("num_trials=16" in found.remedy) is (verdict is not GOOD)


@pytest.mark.parametrize(("share", "verdict"), [(0.7, GOOD), (0.97, LOOK), (1.0, BAD), (None, UNKNOWN)])
def test_a_choice_without_training_should_be_worse(share, verdict):
    front = make_front(fidelity=replace(make_fidelity(), untrained_share=share))
    assert check_about("worth training", make_record(front)).verdict is verdict


class TestEarlyStopping:
    def _found(self, tau: float, num_trials: int = 9, **changes: Any) -> HealthCheck:
        rungs = (RungAgreement(num_steps=100, num_trials=num_trials, tau={"quality": tau}),)
        return check_about("early", make_record(make_front(fidelity=replace(make_fidelity(), rungs=rungs), **changes)))

    @pytest.mark.parametrize(("tau", "verdict"), [(0.6, GOOD), (0.3, LOOK), (0.1, BAD)])
    def test_rungs_that_agree(self, tau, verdict):
        assert self._found(tau).verdict is verdict

    def test_stopped_trials_that_may_belong_on_the_front(self):
        stopped = Contender(trial=9, front_probability=0.3, forecast=True)
        assert self._found(0.9, contenders=(stopped,)).verdict is LOOK

    def test_too_few_to_compare(self):
        assert self._found(0.9, num_trials=3).verdict is UNKNOWN

    def test_one_rung_stops_nothing(self):
        front = make_front()
        front = replace(front, provenance=replace(front.provenance, rungs=(400,)))
        assert check_about("early", make_record(front)).verdict is GOOD


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ([], GOOD),
        ([TrialState.DIVERGED], LOOK),
        ([TrialState.FAILED] * 3, BAD),
        ([TrialState.DUPLICATE] * 8, LOOK),
    ],
)
def test_failures_are_counted(states, verdict):
    trials = [trained_trial(n, 2.6, 2.5, 2.4) for n in range(8)]
    trials += [make_trial(8 + n, state, reason="why") for n, state in enumerate(states)]
    found = check_about("failures", make_record(trials=trials))
    assert found.verdict is verdict
    assert all(state.value in found.figure for state in states)
