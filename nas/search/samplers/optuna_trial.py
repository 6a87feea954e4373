"""Conversion between our trials and Optuna's."""

from collections.abc import Hashable, Sequence
from typing import cast

import optuna
from optuna.distributions import IntDistribution, distribution_to_json, json_to_distribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.results.proposal import Suggestion
from nas.search.samplers.observation import Observation
from nas.search.samplers.parameters import choice_parameter
from nas.space.checks import check_asked_alike
from nas.space.space import Option


class TrialSuggester:
    """A `nas.space.space.Suggester` on an Optuna trial.

    Options that are rising numbers are suggested by their index, so that samplers know that 8 lies between 4 and 16
    (docs/decisions/0007); `chosen` has the options themselves.
    """

    def __init__(self, trial: optuna.Trial) -> None:
        self._trial = trial
        self._asked: dict[str, Hashable] = {}
        self.chosen: dict[str, Option] = {}

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """One of the options."""
        parameter = choice_parameter(name, options)
        check_asked_alike(self._asked, name, tuple(options))
        if isinstance(parameter, IntDistribution):
            chosen = options[self._trial.suggest_int(name, parameter.low, parameter.high)]
        else:
            chosen = cast(Option, self._trial.suggest_categorical(name, parameter.choices))
        self.chosen[name] = chosen
        return chosen

    def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number from low to high, both included."""
        check_asked_alike(self._asked, name, (low, high, log))
        chosen = self._trial.suggest_int(name, low, high, log=log)
        self.chosen[name] = chosen
        return chosen


def suggestion_of(trial: optuna.Trial) -> Suggestion:
    """What the sampler suggested while a space sampled from `trial`."""
    frozen = trial.study.get_trials(deepcopy=False)[trial.number]
    distributions = {name: distribution_to_json(value) for name, value in frozen.distributions.items()}
    return Suggestion(params=dict(frozen.params), distributions=distributions, attributes=dict(frozen.system_attrs))


def frozen_trial(observation: Observation) -> FrozenTrial:
    """The trial in Optuna's form: running if it has no values, and complete if it has."""
    suggestion = observation.suggestion
    return create_trial(
        state=TrialState.RUNNING if observation.values is None else TrialState.COMPLETE,
        values=observation.values,
        params=suggestion.params,
        distributions={name: json_to_distribution(text) for name, text in suggestion.distributions.items()},
        system_attrs=dict(suggestion.attributes),
        constraints=observation.constraints or None,
    )
