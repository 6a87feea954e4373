"""The run of one trial as plain data; tests/tracking/test_rebuild.py reads what W&B makes of it."""

import pytest

from nas.results.trial import TrialState
from nas.tracking.runs.trial import trial_run
from tests.fronts import make_trial


@pytest.mark.parametrize("state", list(TrialState))
def test_tags_say_how_a_trial_ended(info, state):
    assert trial_run(info, make_trial(3, state)).tags == (state.value,)


def test_tags_mark_the_front_and_the_baselines(info, trials):
    assert trial_run(info, trials[0]).tags == ("baseline", "finished")
    assert trial_run(info, trials[1], on_front=True).tags == ("front", "finished")
    assert trial_run(info, trials[0], on_front=True).tags == ("front", "baseline", "finished")
