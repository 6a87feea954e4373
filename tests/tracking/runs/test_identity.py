"""What runs are called, and that they stay the same runs."""

import dataclasses

from nas.patterns.label import label
from nas.results.trial import TrialState
from nas.tracking.runs.identity import artifact_name, run_id, run_name
from tests.fronts import LONG_PATTERN, make_trial


def test_a_run_is_called_by_number_and_label(trials):
    assert run_name(trials[1]) == f"00001 {label(trials[1].pattern)}"
    assert run_name(trials[2]) == "00002", "there is no pattern"
    assert run_name(trials[0]) == "full", "baselines have names"


def test_a_name_longer_than_wandb_allows_is_cut():
    name = run_name(make_trial(7, TrialState.DIVERGED, pattern=LONG_PATTERN))
    assert len(name) == 128
    assert f"00007 {label(LONG_PATTERN)}".startswith(name.removesuffix("...")) and name.endswith("...")


def test_an_artifact_has_the_letters_that_wandb_allows(info):
    assert artifact_name(dataclasses.replace(info, name="täxt 1"), "front") == "t-xt-1-front"


def test_ids_stay_when_settings_change_that_are_free_to_change(info):
    more = dataclasses.replace(info, settings=info.settings | {"num_trials": 99, "workers": 7})
    other = dataclasses.replace(info, settings=info.settings | {"seed": 8})
    assert run_id(more, "0") == run_id(info, "0") != run_id(other, "0")
    assert len({run_id(info, part) for part in ("0", "1", "study")}) == 3
