"""Asking Optuna for the next trial: a pure function of the study's seed and what is known so far.

Optuna's own state never outlives one ask. Each time, a study in memory is filled with what is known
and asked once. So a crash cannot leave half a trial behind, and a resumed study asks the same again.
"""

import warnings
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, IntDistribution, distribution_to_json, json_to_distribution
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.patterns.model import ModelPattern
from nas.search.samplers.catalog import Question, make_sampler
from nas.search.samplers.ehvi import EHVISampler
from nas.search.samplers.evidence import Evidence
from nas.search.samplers.parameters import choice_parameter
from nas.search.samplers.space_view import SpaceView as SpaceView
from nas.space.space import Option, check_asked_alike
from nas.statistics.ranks import Direction

TRAINED = "trained"
"""The constraint that is broken by what could not be trained."""


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
class Observation:
    """What a sampler is told of one trial.

    Args:
        suggestion: what it suggested.
        values: one value an objective, in their order; None while the trial runs.
        constraints: by name, 0 or less where it is kept.
        pattern: what the suggestion made; None if nothing.
        costs: the cost objectives as shares of full attention, in their order.
        rung_values: for every measured objective, in their order, its value at every rung, to be minimised; None where
            the trial was not trained to. Empty if nothing is to be trained.
    """

    suggestion: Suggestion
    values: tuple[float, ...] | None = None
    constraints: dict[str, float] = field(default_factory=dict)
    pattern: ModelPattern | None = None
    costs: tuple[float, ...] = ()
    rung_values: tuple[tuple[float | None, ...], ...] = ()


class TrialSuggester:
    """A `nas.space.space.Suggester` on an Optuna trial.

    Options that are rising numbers are suggested by their index, so that samplers know that 8 lies
    between 4 and 16 (docs/decisions/0007); `chosen` has the options themselves.
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


class Asker:
    """Asks one sampler for trials of one study.

    Args:
        sampler: a key of SAMPLERS.
        seed: the study's seed.
        directions: minimize or maximize, one an objective.
        view: the study's space.
    """

    def __init__(self, sampler: str, seed: int, directions: Sequence[Direction], view: SpaceView) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._sampler, self._seed, self._directions, self._view = sampler, seed, list(directions), view
        self._known: dict[int, tuple[Observation, FrozenTrial]] = {}

    def ask(self, known: Sequence[Observation], baselines: Sequence[Observation] = ()) -> optuna.Trial:
        """A new trial.

        Args:
            known: the trials that were asked for (finished and running), in the order of asking.
            baselines: what was not asked for; Optuna's own samplers hear nothing of it.
        """
        question = Question(
            self._seed, len(known), self._view, lambda: evidence_of([*baselines, *known], self._view.identity)
        )
        sampler = make_sampler(self._sampler, question)
        study = optuna.create_study(directions=self._directions, sampler=sampler)
        if not isinstance(sampler, EHVISampler):  # which has the evidence; Optuna copies all trials at length
            study.add_trials(self._frozen(number, observation) for number, observation in enumerate(known))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return study.ask()

    def _frozen(self, number: int, observation: Observation) -> FrozenTrial:
        """Made once for each answer; a mean rank changes as trials end."""
        known = self._known.get(number)
        if known is None or known[0] != observation:
            known = self._known[number] = (observation, frozen_trial(observation))
        return known[1]


def evidence_of(history: Sequence[Observation], identity: Callable[[ModelPattern], str]) -> Evidence:
    """What the answers say of each pattern that was trained, is being trained, or could not be.

    What could not be trained counts as the worst that was.

    Args:
        history: of all trials.
        identity: what two patterns share that count as one.
    """
    told: dict[str, Observation] = {}
    for observation in history:
        if (
            observation.pattern is None
            or not observation.rung_values
            or not (observation.values is None or _was_tried(observation))
        ):
            continue
        name = identity(observation.pattern)
        known = told.setdefault(name, observation)
        if not known.suggestion.params:  # a baseline that was asked for as well can be changed a little
            told[name] = replace(known, suggestion=observation.suggestion)
    values = np.array([observation.rung_values for observation in told.values()], dtype=np.float64)
    values = values.transpose(1, 0, 2) if told else np.zeros((0, 0, 0))
    failed = np.array([observation.constraints.get(TRAINED, 0) > 0 for observation in told.values()], dtype=np.bool_)
    worst = np.nanmax(values, axis=1, keepdims=True, initial=-np.inf)
    return Evidence(
        ids=tuple(told),
        patterns=tuple(observation.pattern for observation in told.values() if observation.pattern is not None),
        params=tuple(observation.suggestion.params for observation in told.values()),
        allowed=np.array([max(observation.constraints.values(), default=0) <= 0 for observation in told.values()]),
        costs=np.array([observation.costs for observation in told.values()]),
        values=np.where(failed[:, None] & np.isnan(values) & np.isfinite(worst), worst, values),
    )


def _was_tried(observation: Observation) -> bool:
    measured = any(value is not None for values in observation.rung_values for value in values)
    return measured or observation.constraints.get(TRAINED, 0) > 0


def suggestion_of(trial: optuna.Trial) -> Suggestion:
    """What the sampler suggested while a space read from `trial`."""
    frozen = trial.study.get_trials(deepcopy=False)[trial.number]
    distributions = {name: distribution_to_json(value) for name, value in frozen.distributions.items()}
    return Suggestion(dict(frozen.params), distributions, dict(frozen.system_attrs))


def frozen_trial(
    observation: Observation, user_attributes: dict[str, Any] | None = None, state: TrialState | None = None
) -> FrozenTrial:
    """The trial as Optuna keeps it; if no other `state` is given, running without values and complete with them."""
    suggestion = observation.suggestion
    return create_trial(
        state=state or (TrialState.RUNNING if observation.values is None else TrialState.COMPLETE),
        values=observation.values,
        params=suggestion.params,
        distributions=_distributions(suggestion.distributions.items()),
        user_attrs=user_attributes or {},
        system_attrs=dict(suggestion.attributes),
        constraints=observation.constraints or None,
    )


def _distributions(items: Iterable[tuple[str, str]]) -> dict[str, BaseDistribution]:
    return {name: json_to_distribution(text) for name, text in items}
