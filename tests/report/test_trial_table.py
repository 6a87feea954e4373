"""The table of all trials."""

import csv
import io

from nas.patterns.label import label
from nas.report.trial_table import trial_table
from nas.results.survey import Losses
from nas.results.trial import TrialState
from tests.fronts import make_baseline, make_front, make_point, make_trial
from tests.records import trained_trial


def _rows(front, trials):
    return list(csv.DictReader(io.StringIO(trial_table(front, trials))))


def test_a_row_per_trial_with_all_that_is_known():
    front = make_front(points=(make_point(1, 2.3, front_probability=0.83),), baselines=(make_baseline(0, 2.4),))
    trials = [
        trained_trial(0, 2.6, 2.5, 2.4, baseline="full"),
        trained_trial(1, 2.6, 2.5, 2.3, params={"window": 8}),
        trained_trial(2, 2.6),
        make_trial(3, TrialState.IMPOSSIBLE),
    ]
    full, best, stopped, impossible = _rows(front, trials)
    assert (full["baseline"], full["on_front"], full["window"]) == ("full", "False", "")
    assert (best["on_front"], best["front_probability"], best["window"]) == ("True", "0.83", "8")
    assert (float(best["quality"]), float(best["quality_estimate"])) == (2.3, front.points[0].worth("quality"))
    assert best["label"] == label(front.points[0].pattern)
    assert (stopped["state"], stopped["step"], stopped["quality_estimate"]) == ("stopped", "100", "")
    assert (impossible["state"], impossible["quality"], impossible["label"]) == ("impossible", "", "")


def test_no_text_is_a_formula():
    trials = [trained_trial(1, 2.6, params={"=cmd()": "@SUM(A1)", "kind": "-1+1", "share": -0.5})]
    [row] = _rows(make_front(), trials)
    assert row["'=cmd()"] == "'@SUM(A1)" and row["kind"] == "'-1+1"
    assert row["share"] == "-0.5", "a number is a number"


def test_what_a_survey_predicts_has_columns_of_its_own():
    trials = [trained_trial(1, 2.6, predicted=Losses(text=0.25, needle=1.5)), make_trial(2, TrialState.IMPOSSIBLE)]
    known, unknown = _rows(make_front(), trials)
    assert (known["predicted_text"], known["predicted_needle"]) == ("0.25", "1.5")
    assert (unknown["predicted_text"], unknown["predicted_needle"]) == ("", "")
    assert "predicted_text" not in _rows(make_front(), [trained_trial(1, 2.6)])[0]
