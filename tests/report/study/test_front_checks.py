"""Health checks of what came out: what makes each good, worth a look, bad or unknown."""

from typing import Any

from msgspec.structs import replace

from nas.report.study.health_check import HealthCheck, Verdict
from nas.results.fidelity import Reordering
from nas.results.proposal import Suggestion
from tests.fronts import as_baseline, make_baseline, make_front, make_point
from tests.records import check_about, make_record, trained_trial

GOOD, LOOK, BAD, UNKNOWN = Verdict


class TestBaselines:
    def test_all_beaten(self):
        assert check_about("every baseline", make_record()).verdict is GOOD

    def test_one_on_the_front_is_named(self):
        local = make_point(2, 2.2, 0.9, 0.9, baseline="local_global")
        front = make_front(points=(make_point(), local), baselines=(make_baseline(), as_baseline(local)))
        found = check_about("every baseline", make_record(front))
        assert found.verdict is LOOK and "local_global (trial 2)" in found.figure

    def test_none_beaten(self):
        front = make_front(points=(make_point(quality=2.9),))
        assert check_about("every baseline", make_record(front)).verdict is BAD

    def test_none_finished(self):
        assert check_about("every baseline", make_record(make_front(baselines=()))).verdict is UNKNOWN


def test_without_long_runs_nothing_is_confirmed():
    found = check_about("longer runs", make_record())
    assert found.verdict is UNKNOWN and "fidelity.num_patterns" in found.remedy


class TestConverged:
    def _found(self, per_doubling: float | None, gain: float = 0.01) -> HealthCheck:
        gains: dict[str, Any] = {"gain_of_last_rung": {"quality": gain}}
        points = tuple(make_point(n, 2.2 + n / 10, 0.9 - n / 10, **gains) for n in range(1, 4))
        moved = Reordering(
            objective="quality", from_steps=200, to_steps=400, num_trials=9, deviation=0.1, per_doubling=per_doubling
        )
        return check_about("converged", make_record(make_front(points=points, reordering=(moved,))))

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


def test_a_crowded_edge_is_named():
    text = '{"attributes": {"low": 0, "high": 3}}'
    suggestion = Suggestion(params={"window": 0}, distributions={"window": text})
    front = make_front(points=(make_point(1), make_point(2, 2.4, 0.3)))
    trials = [trained_trial(n, 2.6, 2.5, 2.4, params={"window": 4}) for n in (1, 2)]
    found = check_about("edge", make_record(front, trials, suggestions={1: suggestion, 2: suggestion}))
    assert found.verdict is LOOK and "window is 4, the smallest, in 2 of 2" in found.figure
    inside = replace(suggestion, params={"window": 1})
    assert check_about("edge", make_record(front, trials, suggestions={1: inside, 2: inside})).verdict is GOOD
