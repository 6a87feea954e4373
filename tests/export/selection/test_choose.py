"""Choosing the points of a study to export."""

import pytest
from msgspec.structs import replace

from nas.errors import ExportError, InputError
from nas.export.selection.choose import choose_best, choose_trial, whole_front
from nas.patterns.primitives import Full
from nas.results.objective import Objective
from nas.results.provenance import MadeWith
from nas.results.trial import TrialState
from tests.fronts import change_entries, make_front, make_pattern, make_trial


@pytest.mark.parametrize(("by", "trial"), [("quality", 3), ("flops", 12), ("knee", 5)])
def test_best(front, by, trial):
    assert choose_best(front, by).provenance.trial == trial


def test_the_best_quality_is_that_of_the_estimates(front):
    lucky = replace(front.points[2], values={"quality": 1.0, "flops": 10.0})
    assert choose_best(replace(front, points=(*front.points[:2], lucky)), "quality").provenance.trial == 3


def test_best_quality_follows_the_direction(front):
    accuracy = Objective(name="quality", unit="accuracy", direction="maximize")
    assert choose_best(replace(front, objectives=(accuracy, front.objectives[1])), "quality").provenance.trial == 12


def test_the_knee_does_not_depend_on_units(front):
    larger = change_entries(front, lambda entry: {"values": entry.values | {"flops": entry.values["flops"] * 1e12}})
    assert choose_best(larger, "knee").provenance.trial == 5


def test_a_constant_objective_does_not_move_the_knee(front):
    parameters = Objective(name="num_parameters", unit="parameters", direction="minimize")
    more = make_front(
        objectives=(*front.objectives, parameters),
        points=tuple(replace(point, values=point.values | {"num_parameters": 1000.0}) for point in front.points),
        baselines=(),
    )
    assert choose_best(more, "knee").provenance.trial == 5


def test_equal_points_go_to_the_lowest_trial(front):
    equal = change_entries(front, lambda _: {"values": {"quality": 1.0, "flops": 1.0}, "estimates": {}})
    assert choose_best(replace(equal, points=equal.points[::-1]), "knee").provenance.trial == 3


def test_an_unknown_choice_names_the_nearest(front):
    with pytest.raises(InputError, match=r"--best: .*knee, quality, flops, got 'qualty'\. Did you mean 'quality'"):
        choose_best(front, "qualty")


def test_an_empty_front_says_what_to_do(front):
    for choose in (whole_front, lambda front: choose_best(front, "knee")):
        with pytest.raises(ExportError, match=r"the front is empty.*--trial N"):
            choose(replace(front, points=()))


def test_the_whole_front_goes_into_folders_by_trial(front):
    assert [point.subfolder for point in whole_front(front)] == ["trial-00003", "trial-00005", "trial-00012"]


def test_a_baseline_by_its_trial_number(front):
    point = choose_trial(front, 0)
    assert (point.provenance.baseline, point.subfolder) == ("full", "")
    assert point.pattern.id == front.baselines[0].pattern_id


def test_a_trial_that_is_not_on_the_front(front):
    pattern = make_pattern(Full())
    trial = make_trial(7, TrialState.FINISHED, pattern=pattern, values={"quality": 2.5, "flops": 90.0})
    point = choose_trial(front, 7, [trial])
    assert point.pattern == pattern
    assert point.provenance.values == {"quality": 2.5, "flops": 90.0}
    made_with = point.provenance.made_with
    assert made_with == MadeWith.of(front)
    assert made_with.versions == {"torch": "2.13.0"}
    assert (made_with.corpus_hash, made_with.task_fingerprint) == ("cd" * 32, "ab" * 32)


def test_a_trial_without_a_pattern_says_why(front):
    trial = make_trial(7, TrialState.IMPOSSIBLE, reason="the window is longer than the sequence")
    with pytest.raises(ExportError, match=r"trial 7: has no pattern to export \(the window is longer"):
        choose_trial(front, 7, [trial])


def test_a_trial_that_does_not_exist(front):
    trials = [make_trial(number, TrialState.OVER_BUDGET) for number in range(20)]
    with pytest.raises(ExportError, match=r"'demo' has no trial 99; it has trials 0 to 19"):
        choose_trial(front, 99, trials)
