"""What of a study goes into which run, as plain data."""

import dataclasses

from nas.patterns.label import label
from nas.results.trial import TrialState
from nas.tracking.runs.contents import study_run, trial_run
from tests.fronts import LONG_PATTERN, make_fidelity, make_front, make_trial


def test_a_run_is_called_by_number_and_label(info, trials):
    assert trial_run(info, trials[1]).name == f"00001 {label(trials[1].pattern)}"
    assert trial_run(info, trials[2]).name == "00002", "there is no pattern"
    assert trial_run(info, trials[0]).name == "full", "baselines have names"


def test_a_name_longer_than_wandb_allows_is_cut(info):
    name = trial_run(info, make_trial(7, TrialState.DIVERGED, pattern=LONG_PATTERN)).name
    assert len(name) == 128
    assert f"00007 {label(LONG_PATTERN)}".startswith(name.removesuffix("...")) and name.endswith("...")


def test_a_studys_run_says_how_far_its_ranking_can_be_trusted(info, trials):
    judged = study_run(info, trials, make_front(fidelity=make_fidelity())).summary
    assert {name: value for name, value in judged.items() if name.startswith("fidelity")} == {
        "fidelity/share_of_steps": 0.17,
        "fidelity/regret_of_front": 0.02,
        "fidelity/untrained_share": 0.71,
        "fidelity/quality/tau": 0.87,
        "fidelity/quality/tau_mean": 0.71,
        "fidelity/quality/tau_low": 0.31,
        "fidelity/quality/tau_high": 0.95,
        "fidelity/quality/tau_above_half": 0.85,
        "fidelity/quality/noise_ceiling": 0.73,
        "fidelity/quality/regret_of_best": 0.004,
    }
    unknown = study_run(info, trials, make_front(fidelity=make_fidelity(agreement=None))).summary
    assert "fidelity/quality/tau" not in unknown and unknown["fidelity/quality/noise_ceiling"] == 0.73
    assert not any(name.startswith("fidelity") for name in study_run(info, trials, make_front()).summary)


def test_ids_stay_when_settings_change_that_are_free_to_change(info, trials):
    more = dataclasses.replace(info, settings=info.settings | {"num_trials": 99, "workers": 7})
    other = dataclasses.replace(info, settings=info.settings | {"seed": 8})
    assert trial_run(more, trials[0]).id == trial_run(info, trials[0]).id != trial_run(other, trials[0]).id
