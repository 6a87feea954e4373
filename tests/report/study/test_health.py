"""Health checks: what makes each good, worth a look, bad or unknown."""

from typing import Any

import pytest
from msgspec.structs import replace

from nas.report.study.health import CHECKS, HealthCheck, Verdict, health_checks
from nas.results.fidelity import Reordering, RungAgreement
from nas.results.front import Contender
from nas.results.proposal import Suggestion
from nas.results.trial import TrialState
from tests.fronts import as_baseline, make_agreement, make_baseline, make_fidelity, make_front, make_point, make_trial
from tests.records import make_insight, make_record, trained_trial

GOOD, LOOK, BAD, UNKNOWN = Verdict


def check(word: str, record: Any) -> HealthCheck:
    """The check whose question has the word."""
    [found] = [one for one in health_checks(record) if word in one.question]
    return found


def test_whatever_needs_a_look_says_what_to_do():
    front = make_front(points=(), baselines=())
    for record in (make_record(), make_record(front), make_record(front, ())):
        for one in health_checks(record):
            assert one.figure and (one.remedy or one.verdict in (GOOD, UNKNOWN)), one.question
    assert len(health_checks(make_record())) == len(CHECKS)


class TestBaselines:
    def test_all_beaten(self):
        assert check("every baseline", make_record()).verdict is GOOD

    def test_one_on_the_front_is_named(self):
        local = make_point(2, 2.2, 0.9, 0.9, baseline="local_global")
        front = make_front(points=(make_point(), local), baselines=(make_baseline(), as_baseline(local)))
        found = check("every baseline", make_record(front))
        assert found.verdict is LOOK and "local_global (trial 2)" in found.figure

    def test_none_beaten(self):
        front = make_front(points=(make_point(quality=2.9),))
        assert check("every baseline", make_record(front)).verdict is BAD

    def test_none_finished(self):
        assert check("every baseline", make_record(make_front(baselines=()))).verdict is UNKNOWN


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({}, GOOD), ({"above_half": 0.3}, LOOK), ({"low": -0.1}, BAD)],
)
def test_long_runs_and_predictions_are_judged_alike(changes, verdict):
    agreement = make_agreement(**changes)
    front = make_front(fidelity=make_fidelity(agreement=agreement))
    record = make_record(front, insight=make_insight(accuracy=agreement))
    assert check("longer runs", record).verdict is check("model", record).verdict is verdict


def test_without_long_runs_nothing_is_confirmed():
    found = check("longer runs", make_record())
    assert found.verdict is UNKNOWN and "fidelity.num_patterns" in found.remedy


class TestConverged:
    def _found(self, per_doubling: float | None, gain: float = 0.01) -> HealthCheck:
        gains: dict[str, Any] = {"gain_of_last_rung": {"quality": gain}}
        points = tuple(make_point(n, 2.2 + n / 10, 0.9 - n / 10, **gains) for n in range(1, 4))
        moved = Reordering(
            objective="quality", from_steps=200, to_steps=400, num_trials=9, deviation=0.1, per_doubling=per_doubling
        )
        return check("converged", make_record(make_front(points=points, reordering=(moved,))))

    def test_further_apart_than_training_moves_them(self):
        assert self._found(0.05).verdict is GOOD

    def test_nearer_than_that(self):
        found = self._found(0.15)
        assert found.verdict is LOOK and "training.num_steps=800" in found.remedy

    def test_moved_further_than_the_whole_front_spans(self):
        assert self._found(0.3).verdict is BAD

    def test_far_from_the_end_of_training(self):
        assert self._found(0.05, gain=0.5).verdict is LOOK

    def test_unknown_noise(self):
        assert self._found(None).verdict is UNKNOWN


@pytest.mark.parametrize(("before", "verdict"), [(1.0, GOOD), (0.97, LOOK), (0.6, BAD)])
def test_a_search_that_still_rises_is_not_over(before, verdict):
    trials = [trained_trial(n, 2.6, 2.5, 2.4) for n in range(8)]
    volumes = tuple((n, before if n < 6 else 1.0) for n in range(8))
    found = check("stopped finding", make_record(make_front(hypervolume_by_trial=volumes), trials))
    assert found.verdict is verdict
    assert ("num_trials=16" in found.remedy) is (verdict is not GOOD)


@pytest.mark.parametrize(("share", "verdict"), [(0.7, GOOD), (0.97, LOOK), (1.0, BAD), (None, UNKNOWN)])
def test_a_choice_without_training_should_be_worse(share, verdict):
    front = make_front(fidelity=replace(make_fidelity(), untrained_share=share))
    assert check("worth training", make_record(front)).verdict is verdict


def test_a_crowded_edge_is_named():
    text = '{"attributes": {"low": 0, "high": 3}}'
    suggestion = Suggestion(params={"window": 0}, distributions={"window": text})
    front = make_front(points=(make_point(1), make_point(2, 2.4, 0.3)))
    trials = [trained_trial(n, 2.6, 2.5, 2.4, params={"window": 4}) for n in (1, 2)]
    found = check("edge", make_record(front, trials, suggestions={1: suggestion, 2: suggestion}))
    assert found.verdict is LOOK and "window is 4, the smallest, in 2 of 2" in found.figure
    inside = replace(suggestion, params={"window": 1})
    assert check("edge", make_record(front, trials, suggestions={1: inside, 2: inside})).verdict is GOOD


class TestEarlyStopping:
    def _found(self, tau: float, num_trials: int = 9, **changes: Any) -> HealthCheck:
        rungs = (RungAgreement(num_steps=100, num_trials=num_trials, tau={"quality": tau}),)
        return check("early", make_record(make_front(fidelity=replace(make_fidelity(), rungs=rungs), **changes)))

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
        assert check("early", make_record(front)).verdict is GOOD


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
    found = check("failures", make_record(trials=trials))
    assert found.verdict is verdict
    assert all(state.value in found.figure for state in states)
