"""A space's questions, answered by an Optuna trial."""

import optuna
import pytest

from nas.errors import InputError
from nas.search.samplers.optuna_trial import TrialSuggester


def new_trial() -> optuna.Trial:
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()


@pytest.mark.parametrize("again", [(1, 16, False), (1, 8, True)])
def test_a_parameter_asked_for_in_two_ways_is_named(again: tuple[int, int, bool]) -> None:
    """Optuna would warn and answer the second question with the first one's value."""
    suggester = TrialSuggester(new_trial())
    low, high, log = again
    assert suggester.integer("width", 1, 8) == suggester.integer("width", 1, 8)
    with pytest.raises(InputError, match=r"^space parameter width: must be asked for as before, \(1, 8, False\)"):
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
