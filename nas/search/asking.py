"""Asking Optuna for the next trial: a pure function of the study's seed and what is known so far.

Optuna's own state never outlives one ask. Each time, a study in memory is filled with what is known
and asked once. So a crash cannot leave half a trial behind, and a resumed study asks the same again.
"""

import json
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.search.samplers import make_sampler
from nas.space.space import Option


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the sampler suggested for one trial, ready for JSON.

    Args:
        params: values by parameter name.
        distributions: Optuna's description of each parameter, as JSON text.
        attributes: what the sampler notes on the trial for itself (a generation, say).
    """

    params: dict[str, Any] = field(default_factory=dict)
    distributions: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sampler is told of one trial.

    Args:
        suggestion: what it suggested.
        values: one value an objective, in their order; None while the trial runs.
        constraints: by name, 0 or less where it is kept.
    """

    suggestion: Suggestion
    values: tuple[float, ...] | None = None
    constraints: dict[str, float] = field(default_factory=dict)


class TrialSuggester:
    """A `nas.space.space.Suggester` on an Optuna trial."""

    def __init__(self, trial: optuna.Trial) -> None:
        self._trial = trial

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """One of the options, as a categorical parameter."""
        chosen: Option = self._trial.suggest_categorical(name, list(options))
        return chosen

    def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number from low to high, both included."""
        return self._trial.suggest_int(name, low, high, log=log)


class Asker:
    """Asks one sampler for trials of one study.

    Args:
        sampler: a key of SAMPLERS.
        seed: the study's seed.
        directions: minimize or maximize, one an objective.
    """

    def __init__(self, sampler: str, seed: int, directions: Sequence[str]) -> None:
        self._sampler, self._seed, self._directions = sampler, seed, list(directions)
        self._known: dict[int, FrozenTrial] = {}

    def ask(self, known: Sequence[Answer]) -> optuna.Trial:
        """A new trial, after `known` ones (finished and running) in the order of asking."""
        sampler = make_sampler(self._sampler, self._seed, len(known))
        study = optuna.create_study(directions=self._directions, sampler=sampler)
        study.add_trials(self._frozen(number, answer) for number, answer in enumerate(known))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return study.ask()

    def _frozen(self, number: int, answer: Answer) -> FrozenTrial:
        if answer.values is None:
            return frozen_trial(answer)
        if number not in self._known:
            self._known[number] = frozen_trial(answer)
        return self._known[number]


def suggestion_of(trial: optuna.Trial) -> Suggestion:
    """What the sampler suggested while a space read from `trial`."""
    distributions = {name: distribution_to_json(value) for name, value in trial.distributions.items()}
    return Suggestion(dict(trial.params), distributions, json.loads(json.dumps(trial.system_attrs)))


def frozen_trial(answer: Answer, user_attributes: dict[str, Any] | None = None) -> FrozenTrial:
    """The trial as Optuna keeps it: running without values, complete with them."""
    suggestion = answer.suggestion
    return create_trial(
        state=TrialState.RUNNING if answer.values is None else TrialState.COMPLETE,
        values=answer.values,
        params=suggestion.params,
        distributions=_distributions(suggestion.distributions.items()),
        user_attrs=user_attributes or {},
        system_attrs=suggestion.attributes,
        constraints=answer.constraints or None,
    )


def _distributions(items: Iterable[tuple[str, str]]) -> dict[str, BaseDistribution]:
    return {name: json_to_distribution(text) for name, text in items}
