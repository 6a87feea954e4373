"""Which point of a study is taken."""

import pytest

from nas.errors import ExportError, InputError
from nas.export.selection.choose import choose_best, choose_trial, whole_front
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.results.trial import Trial, TrialState


@pytest.mark.parametrize(("by", "trial"), [("quality", 3), ("flops", 12), ("knee", 5)])
def test_best(front, by, trial):
    assert choose_best(front, by).provenance.trial == trial


def test_best_quality_follows_the_direction(front):
    front["objectives"][0]["direction"] = "maximize"
    assert choose_best(front, "quality").provenance.trial == 12


def test_the_knee_does_not_depend_on_units(front):
    for point in front["points"]:
        point["values"]["flops"] *= 1e12
    assert choose_best(front, "knee").provenance.trial == 5


def test_a_constant_objective_does_not_move_the_knee(front):
    front["objectives"].append({"name": "num_parameters", "unit": "parameters", "direction": "minimize"})
    for point in front["points"]:
        point["values"]["num_parameters"] = 1000
    assert choose_best(front, "knee").provenance.trial == 5


def test_equal_points_go_to_the_lowest_trial(front):
    for point in front["points"]:
        point["values"] = {"quality": 1.0, "flops": 1.0}
    front["points"].reverse()
    assert choose_best(front, "knee").provenance.trial == 3


def test_an_unknown_choice_names_the_nearest(front):
    with pytest.raises(InputError, match=r"--best: .*knee, quality, flops, got 'qualty'\. Did you mean 'quality'"):
        choose_best(front, "qualty")


def test_an_empty_front_says_what_to_do(front):
    front["points"] = []
    for choose in (whole_front, lambda front: choose_best(front, "knee")):
        with pytest.raises(ExportError, match=r"the front is empty.*--trial N"):
            choose(front)


def test_the_whole_front_goes_into_folders_by_trial(front):
    assert [point.subfolder for point in whole_front(front)] == ["trial-00003", "trial-00005", "trial-00012"]


def test_a_baseline_by_its_trial_number(front):
    point = choose_trial(front, 0)
    assert (point.provenance.baseline, point.subfolder) == ("full", "")
    assert point.pattern.id == front["baselines"][0]["pattern_id"]


def test_a_trial_that_is_not_on_the_front(front):
    pattern = ModelPattern.of([(HeadGroup(2, (Full(),)),)])
    trial = Trial(number=7, state=TrialState.FINISHED, pattern=pattern, values={"quality": 2.5, "flops": 90.0})
    point = choose_trial(front, 7, [trial])
    assert point.pattern == pattern
    assert point.provenance.values == {"quality": 2.5, "flops": 90.0}
    assert point.provenance.made_with == {
        "versions": {"torch": "2.13.0"},
        "corpus_hash": "cd" * 32,
        "task_fingerprint": "ab" * 32,
    }


def test_a_trial_without_a_pattern_says_why(front):
    trial = Trial(number=7, state=TrialState.IMPOSSIBLE, reason="the window is longer than the sequence")
    with pytest.raises(ExportError, match=r"trial 7: has no pattern to export \(the window is longer"):
        choose_trial(front, 7, [trial])


def test_a_trial_that_does_not_exist(front):
    trials = [Trial(number=number, state=TrialState.OVER_BUDGET) for number in range(20)]
    with pytest.raises(ExportError, match=r"'demo' has no trial 99; it has trials 0 to 19"):
        choose_trial(front, 99, trials)
