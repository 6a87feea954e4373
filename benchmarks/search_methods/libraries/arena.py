"""A table as other libraries meet it: values of parameters go in, scores come out, and what is spent is added up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from nas.errors import PatternError
from nas.proxy.training.schedule import branch_start
from nas.results.trial import Param
from nas.space.random_suggester import RandomSuggester
from search_methods.projections import projection_overhead
from search_methods.search import Chosen, Search
from search_methods.truth import Values, load


class Arena:
    """One search on a table.

    Args:
        path: of the table.
        num_draws: see `load`.
        seed: of the search.
        project: let it see qualities as `nas search` projects them, for what scoring at the rung below costs too.
    """

    def __init__(self, path: Path, num_draws: int, seed: int, *, project: bool = False) -> None:
        self._table, self._problem, self.truth = load(path, num_draws, project=project)
        self._seed, self._project = seed, project
        entries = [one for one in self._table.plan.entries if one.pattern.id in self.truth.values]
        names = sorted(entries[0].params)
        values = {name: sorted({one.params[name] for one in entries}, key=_order) for name in names}
        self.options = MappingProxyType(values)
        """What every parameter of the space may be; numbers ascend."""
        self.params = MappingProxyType({one.pattern.id: one.params for one in entries})
        """The values that make each pattern."""
        self.reached: dict[str, int] = {}
        """The longest run of every pattern so far, in optimiser steps."""
        self.spent = 0.0
        """Training FLOPs so far."""
        self._moments: list[Chosen] = []

    def identity(self, params: Mapping[str, Param]) -> str | None:
        """The pattern that some values make; None if the table lacks it."""
        suggester = RandomSuggester(0)
        suggester.params |= params
        try:
            return self._problem.space.sample(suggester, self._problem.shape).id
        except PatternError:
            return None

    def train(self, identity: str, rung: int) -> Values:
        """Train a pattern to a rung, from where it is; what it is already known for costs nothing.

        The front of what has been trained longest is what the search would choose now.
        """
        if rung > self.reached.get(identity, 0):
            self.spent += self.flops(identity, rung)
            self.reached[identity] = rung
        longest = max(self.reached.values())
        trained_longest = [one for one, own in self.reached.items() if own == longest]
        chosen = self.truth.observed_front(trained_longest, self._seed, longest)
        self._moments.append(Chosen(self.spent, tuple(chosen)))
        return self.truth.observed(identity, self._seed, rung)

    def flops(self, identity: str, rung: int) -> float:
        """Training FLOPs of a run to a rung beyond where its pattern is."""
        before = self.reached.get(identity, 0)
        trunk = branch_start(before, self._table.training) if before else 0
        overhead = projection_overhead(self._table, rung) if self._project else 1.0
        return self.truth.step_flops[identity] * (rung - trunk) * overhead

    def choose(self, identities: Sequence[str]) -> None:
        """Say what the search would choose now, where that is not the front of what has been trained longest."""
        self._moments[-1] = Chosen(self.spent, tuple(identities))

    def search(self, cpu_seconds: float) -> Search:
        """What the search came to."""
        ranked = {one: self.truth.observed(one, self._seed, rung)[0] for one, rung in self.reached.items()}
        return Search(tuple(self._moments), self.truth.tau(ranked), cpu_seconds)


def _order(value: Param) -> tuple[bool, Param]:
    return isinstance(value, str), value
