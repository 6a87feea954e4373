"""Candidates that a sampler chooses from: known patterns with a few values changed, and fresh draws of the space."""

import random
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from optuna.distributions import IntDistribution

from nas.errors import NasError
from nas.patterns.model import ModelPattern
from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.parameters import Parameter, Params, choice_parameter, integer_parameter
from nas.space.checks import check_asked_alike
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Option

MOST_CHANGED = 3
"""Most values of a known trial that are changed in a candidate."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One pattern that could be suggested.

    Args:
        params: the values that Optuna would have to suggest, by parameter name.
        parameters: the distribution of each.
        pattern: the pattern that they make.
        costs: cost objectives as shares of full attention.
    """

    params: Params
    parameters: Mapping[str, Parameter]
    pattern: ModelPattern
    costs: tuple[float, ...]


class CandidateSuggester:
    """A `nas.space.space.Suggester` that keeps the values of a known trial, changes some, and draws what it lacks.

    Args:
        seed: of the draws.
        base: values of a known trial as Optuna has them, by parameter name; empty to draw all of them.
        changed: names of the values that are drawn again; ordered ones move to a neighbour every second time.
    """

    def __init__(self, seed: int, base: Params, changed: Collection[str]) -> None:
        self._random, self._fresh = random.Random(seed), RandomSuggester(seed)
        self._base, self._changed = base, changed
        self._asked: dict[str, Hashable] = {}
        self.params: dict[str, Option] = {}
        self.parameters: dict[str, Parameter] = {}

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """One of the options."""
        check_asked_alike(self._asked, name, tuple(options))
        parameter = choice_parameter(name, options)
        if isinstance(parameter, IntDistribution):
            index = self._value(name, parameter, lambda: options.index(self._fresh.choice(name, options)))
            return options[int(index)]
        return self._value(name, parameter, lambda: self._fresh.choice(name, options))

    def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number from low to high, both included."""
        check_asked_alike(self._asked, name, (low, high, log))
        parameter = integer_parameter(low, high, log=log)
        return int(self._value(name, parameter, lambda: self._fresh.integer(name, low, high, log=log)))

    def _value(self, name: str, parameter: Parameter, draw: Callable[[], Option]) -> Option:
        if name not in self.params:
            self.params[name] = self._kept(name, parameter) if self._keeps(name, parameter) else draw()
            self.parameters[name] = parameter
        return self.params[name]

    def _keeps(self, name: str, parameter: Parameter) -> bool:
        """Whether the known value or a neighbour is used; it may not be among the options that are offered now."""
        if name not in self._base or not _allows(parameter, self._base[name]):
            return False
        return name not in self._changed or (isinstance(parameter, IntDistribution) and self._random.random() < 0.5)

    def _kept(self, name: str, parameter: Parameter) -> Option:
        known = self._base[name]
        if name not in self._changed or not isinstance(parameter, IntDistribution):
            return known
        assert isinstance(known, int), "_keeps checks it"
        return min(max(known + self._random.choice((-1, 1)), parameter.low), parameter.high)


def draw_candidates(
    view: SpaceView,
    parents: Sequence[Params],
    known: Collection[str],
    num: int,
    most_draws: int,
    seed: int,
) -> list[Candidate]:
    """Distinct new patterns within the budgets; if there are parents, every second draw changes one of them.

    Args:
        view: the space.
        parents: values of good known trials, by parameter name.
        known: identities of patterns that are no candidates.
        num: candidates wanted; there may be fewer.
        most_draws: upper limit of draws; small spaces run out of new patterns.
        seed: of the draws.
    """
    found: dict[str, Candidate] = {}
    for candidate in _drawn(view, parents, most_draws, seed):
        name = view.identity(candidate.pattern)
        if name not in known:
            found.setdefault(name, candidate)
        if len(found) == num:
            break
    return list(found.values())


def _drawn(view: SpaceView, parents: Sequence[Params], num: int, seed: int) -> Iterator[Candidate]:
    chance = random.Random(seed)
    for index in range(num):
        base = chance.choice(parents) if parents and index % 2 else {}
        changed = chance.sample(sorted(base), min(len(base), chance.randint(1, MOST_CHANGED)))
        suggester = CandidateSuggester(chance.getrandbits(32), base, changed)
        try:
            pattern = view.sample(suggester)
        except NasError:  # no valid pattern, or the space failed
            continue
        if not view.over_budget(pattern):
            yield Candidate(suggester.params, suggester.parameters, pattern, view.costs(pattern))


def _allows(parameter: Parameter, value: Option) -> bool:
    if isinstance(parameter, IntDistribution):
        return isinstance(value, int) and parameter.low <= value <= parameter.high
    return value in parameter.choices
