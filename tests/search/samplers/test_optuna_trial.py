"""Between our trials and Optuna's: what goes in comes out."""

import optuna
import pytest
from msgspec.structs import replace
from optuna.trial import TrialState

from nas.errors import InputError
from nas.results.proposal import Suggestion
from nas.search.samplers.observation import Observation
from nas.search.samplers.optuna_trial import TrialSuggester, frozen_trial, suggestion_of


def test_a_stopped_trial_is_kept_as_pruned() -> None:
    observation = Observation(Suggestion())
    assert frozen_trial(observation).state is TrialState.RUNNING
    assert frozen_trial(replace(observation, values=(1.0,))).state is TrialState.COMPLETE


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


def new_trial() -> optuna.Trial:
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()


@pytest.mark.parametrize("again", [(1, 16, False), (1, 8, True)])
def test_a_parameter_asked_for_in_two_ways_is_named(again: tuple[int, int, bool]) -> None:
    """Optuna would warn and answer the second question with the first one's value."""
    suggester = TrialSuggester(new_trial())
    low, high, log = again
    assert suggester.integer("width", 1, 8) == suggester.integer("width", 1, 8)
    with pytest.raises(InputError, match=r"^space parameter width: must be requested as before, \(1, 8, False\)"):
        suggester.integer("width", low, high, log=log)


def test_rising_numbers_are_suggested_in_order_and_read_as_themselves() -> None:
    trial = new_trial()
    suggester = TrialSuggester(trial)
    chosen = suggester.choice("window", [4, 8, 16])
    named = suggester.choice("kind", ["full", "stride"])
    assert chosen in (4, 8, 16) and named in ("full", "stride")
    assert suggester.chosen == {"window": chosen, "kind": named}
    assert trial.params["window"] == [4, 8, 16].index(chosen)  # type: ignore[arg-type]
    assert trial.params["kind"] == named
