"""Between our trials and Optuna's: what goes in comes out."""

import optuna
from msgspec.structs import replace
from optuna.trial import TrialState

from nas.results.proposal import Suggestion
from nas.search.samplers.observation import Observation
from nas.search.samplers.optuna_trial import frozen_trial, suggestion_of


def test_a_stopped_trial_is_kept_as_pruned() -> None:
    observation = Observation(Suggestion())
    assert frozen_trial(observation).state is TrialState.RUNNING
    assert frozen_trial(replace(observation, values=(1.0,))).state is TrialState.COMPLETE
    assert frozen_trial(observation, {"state": "stopped"}, TrialState.PRUNED).user_attrs == {"state": "stopped"}
    assert frozen_trial(observation, None, TrialState.PRUNED).state is TrialState.PRUNED


def test_a_suggestion_comes_back_as_it_was_made() -> None:
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    width, kind = trial.suggest_int("width", 1, 64, log=True), trial.suggest_categorical("kind", ["full", "stride"])
    trial.study._storage.set_trial_system_attr(trial._trial_id, "generation", 3)
    suggestion = suggestion_of(trial)
    assert suggestion.params == {"width": width, "kind": kind}
    again = frozen_trial(Observation(suggestion, (1.0,)))
    assert again.params == suggestion.params
    assert again.distributions == trial.distributions
    assert again.system_attrs == {"generation": 3}
