"""The plain charts of a report."""

import pytest
from msgspec.structs import replace

from nas.report.page.charts import curve_charts, fidelity_chart, prediction_chart, survey_chart, volume_charts
from nas.report.study.history import VolumeStep
from nas.results.fidelity import LongRun
from nas.results.front import Estimate
from nas.results.insight import Prediction
from nas.results.survey import Losses
from tests.fronts import make_fidelity, make_front, make_point
from tests.records import make_insight, make_measurement, make_record, trained_trial


@pytest.mark.parametrize(
    ("seconds", "unit", "last"), [(60, "seconds", 60), (1200, "minutes", 20), (36_000, "hours", 10)]
)
def test_cost_is_in_a_unit_that_one_can_read(seconds, unit, last):
    steps = [VolumeStep(trial=0, volume=1.0, seconds=float(seconds), joined=True)]
    by_trial, by_cost = volume_charts(steps, 1)
    assert by_cost.x.title.startswith(unit) and by_cost.lines[0].points == ((last, 1.0),)
    assert by_trial.lines[0].points == ((1.0, 1.0),) and by_trial.marks[0].text == "0"


def test_a_curve_has_a_line_per_seed_up_to_the_longest_run():
    trial = trained_trial(1, 2.6, 2.5, 2.3)
    more = (make_measurement(400, 2.35, seed=1), make_measurement(1600, 2.1), make_measurement(400, None, seed=2))
    trial = replace(trial, measurements=(*trial.measurements, *more))
    chart = curve_charts(make_record(trials=[trial]), [1])[1]
    assert [line.points for line in chart.lines] == [
        ((100, 2.6), (200, 2.5), (400, 2.3), (1600, 2.1)),
        ((400, 2.35),),
    ], "a run that diverged has no quality"
    assert "2.100 at 1600 steps" in chart.description


def test_a_curve_that_is_far_worse_does_not_flatten_the_others():
    trials = [trained_trial(n, 2.6 + n / 100, 2.5 + n / 100, 2.4 + n / 100) for n in range(9)]
    alone = curve_charts(make_record(trials=trials), range(9))
    charts = curve_charts(make_record(trials=[*trials, trained_trial(9, 9.0, 8.9, 8.8)]), range(10))
    assert charts[0].y == charts[8].y == alone[0].y
    assert charts[9].y.low < 2.5 and charts[9].y.high > 9


def test_a_single_rung_has_no_curve():
    trial = replace(trained_trial(1, 2.6, 2.5, 2.3), measurements=(make_measurement(400, 2.3),))
    assert curve_charts(make_record(trials=[trial]), [1]) == {}


def test_long_runs_stand_above_their_short_ones_with_the_noise_of_each():
    runs = (
        LongRun(trial=1, short=2.0, long=1.8, forecast=False),
        LongRun(trial=0, short=2.4, long=2.1, forecast=False),
        LongRun(trial=9, short=2.2, long=2.0, forecast=True),
    )
    point = make_point(1, estimates={"quality": Estimate(mean=2.0, standard_deviation=0.01)})
    noise = {"num_patterns": 2, "quality_standard_deviation": 0.02}
    chart = fidelity_chart(make_record(make_front(points=(point,), fidelity=make_fidelity(patterns=runs), noise=noise)))
    assert chart is not None
    marks = {mark.text: mark for mark in chart.marks}
    assert [marks[trial].kind for trial in ("1", "0", "9")] == ["front", "baseline", "other"]
    assert (marks["1"].x, marks["1"].y, marks["1"].x_spread) == (2.0, 1.8, 0.01)
    assert marks["9"].x_spread == 0.02 and marks["9"].y_spread == pytest.approx(0.02 / 2**0.5), "two seeds"
    assert [x for x, _ in chart.lines[0].points] == [2.0, 2.2, 2.4], "in the order of the search"


def test_what_is_far_worse_stands_at_the_edge_with_its_values_said():
    found = tuple(Prediction(trial=n, predicted=2.3 + n / 100, measured=2.31 + n / 100) for n in range(9))
    far = Prediction(trial=9, predicted=2.4, measured=9.0)
    near, both = (
        prediction_chart(make_record(insight=make_insight(predictions=one))) for one in (found, (*found, far))
    )
    assert near.note == "" and "9 (2.4, 9)" in both.note
    assert both.y.high < 3, "the others keep their room"
    assert both.marks[-1].y == both.y.high and "9.000 measured" in both.description


def test_without_long_runs_or_predictions_there_is_nothing_to_draw():
    assert fidelity_chart(make_record()) is None and prediction_chart(make_record()) is None


def test_many_predictions_leave_no_room_for_numbers():
    found = tuple(Prediction(trial=n, predicted=2 + n / 100, measured=2.0) for n in range(60))
    chart = prediction_chart(make_record(insight=make_insight(predictions=found)))
    assert chart is not None and {mark.text for mark in chart.marks} == {""}
    few = prediction_chart(make_record(insight=make_insight(predictions=found[:5])))
    assert few is not None and [mark.text for mark in few.marks] == ["0", "1", "2", "3", "4"]


def test_what_a_survey_predicted_is_drawn_against_what_was_lost():
    trials = [trained_trial(n, 2.5 + n / 10, predicted=Losses(text=n / 20)) for n in range(6)]
    trials[0] = replace(trials[0], baseline="full")
    chart = survey_chart(make_record(trials=tuple(trials)))
    assert chart is not None and chart.title == "What the survey predicts: Kendall's tau 1.00 over 5 patterns"
    assert [(mark.x, round(mark.y, 9)) for mark in chart.marks] == [(n / 20, n / 10) for n in range(1, 6)]
    assert survey_chart(make_record(trials=tuple(replace(one, predicted=None) for one in trials))) is None
