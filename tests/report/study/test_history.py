"""The hypervolume as it grew, and what halving did."""

from msgspec.structs import replace

from nas.report.study.history import all_seconds, rung_counts, training_seconds, volume_steps
from nas.results.trial import TrialState
from tests.fronts import make_front, make_trial
from tests.records import make_measurement, trained_trial


def test_cost_grows_with_every_trial_and_marks_those_that_joined():
    trials = [trained_trial(0, 2.6, 2.5, 2.4), trained_trial(1, 2.6, 2.5, 2.3)]
    steps = volume_steps(make_front(), trials)
    assert [(one.trial, one.volume, one.seconds, one.joined) for one in steps] == [
        (0, 0.1, 4.0, False),
        (1, 0.4, 8.0, True),
    ]


def test_without_a_front_there_is_no_hypervolume():
    assert volume_steps(make_front(points=(), hypervolume_by_trial=((0, 0.0),)), []) == ()


def test_a_search_is_charged_for_its_own_seed_on_every_task_and_for_no_long_run():
    runs = (
        make_measurement(200, task="text", wall_seconds=2.0),
        make_measurement(400, task="text", wall_seconds=5.0),
        make_measurement(400, task="recall", wall_seconds=3.0),
        make_measurement(400, task="text", wall_seconds=5.0, seed=1),
        make_measurement(1600, task="text", wall_seconds=50.0),
    )
    trial = replace(trained_trial(0, 2.6, 2.5, 2.4), measurements=runs)
    assert training_seconds(trial, 400) == 8.0
    assert all_seconds(trial) == 50.0 + 3.0 + 5.0
    assert all_seconds(replace(trial, duplicate_of=7, state=TrialState.DUPLICATE)) == 0.0
    assert training_seconds(replace(trial, duplicate_of=7, state=TrialState.DUPLICATE), 400) == 0.0


def test_rungs_count_who_came_and_who_was_stopped():
    trials = [
        trained_trial(0, 2.6, 2.5, 2.4),
        trained_trial(1, 2.7),
        trained_trial(2, 2.6, 2.5),
        make_trial(3, TrialState.IMPOSSIBLE),
    ]
    counts = rung_counts(trials, (100, 200, 400))
    assert [(one.num_steps, one.reached, one.stopped) for one in counts] == [
        (100, (0, 1, 2), (1,)),
        (200, (0, 2), (2,)),
        (400, (0,), ()),
    ]
