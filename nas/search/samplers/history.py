"""The history of a study, as its samplers are given it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec.structs import replace
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from nas.patterns.model import ModelPattern
from nas.results.cost import Cost
from nas.results.objective import COSTS
from nas.results.trial import Trial, TrialState
from nas.search.problem.problem import Problem
from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.observation import Observation
from nas.search.samplers.optuna_trial import frozen_trial
from nas.search.scheduler.forecast import Forecaster, signed
from nas.search.scoring.objectives import Goal, worst_values
from nas.search.trial_store import TrialStore

Values = Mapping[int, Mapping[str, float]]
"""Goal values by trial and name."""


class History:
    """Reads the trial store for samplers.

    Samplers are given the results of the search's own seed, whatever is measured later: otherwise a study that is
    extended would get other suggestions than one that was long from the start. A trial that was not trained to the last
    rung has its forecast. One that cannot be on the front is complete with a broken constraint, at the tasks' chance
    level: samplers ignore failed trials and would suggest the same again.

    Args:
        problem: what is searched.
        store: all trials.
        rungs: in optimiser steps, ascending.
        forecaster: forecasts trials to the last rung.
    """

    def __init__(self, problem: Problem, store: TrialStore, rungs: Sequence[int], forecaster: Forecaster) -> None:
        self._problem, self._store, self._rungs = problem, store, tuple(rungs)
        self._forecaster = forecaster
        self._newest: tuple[int, list[Values]] | None = None
        self._price = lru_cache(maxsize=1 << 14)(self._counted)  # a sampler meets the same patterns in ask after ask

    @property
    def view(self) -> SpaceView:
        """The space, for samplers that explore it."""
        return SpaceView(
            sample=self._problem.sample,
            costs=lambda pattern: self._price(pattern)[0],
            over_budget=lambda pattern: self._price(pattern)[1],
            identity=lru_cache(maxsize=1 << 14)(self._problem.shape.identity),
            features=self._problem.features,
            rungs=self._rungs,
        )

    def all(self) -> list[Observation]:
        """One observation per trial, in order."""
        by_rung = self._by_rung()
        final = by_rung[0]
        if len(self._rungs) > 1 and final:
            final = self._forecaster.now().values
        return [self._observation(trial, final, by_rung) for trial in self._store.trials]

    def frozen(self, number: int) -> FrozenTrial:
        """An ended trial in the form that Optuna's database keeps; a stopped one is pruned, without values."""
        trial, by_rung = self._store[number], self._by_rung()
        observation = self._observation(trial, by_rung[-1], by_rung)
        about = {"state": trial.state.value, "baseline": trial.baseline, "reason": trial.reason, "step": trial.step}
        if trial.state is not TrialState.STOPPED:
            return frozen_trial(observation, about)
        return frozen_trial(replace(observation, values=None), about, OptunaState.PRUNED)

    def _by_rung(self) -> list[Values]:
        """The values at every rung; hundreds of trials are frozen at the end of a search, and none advances then."""
        if self._newest is None or self._newest[0] != self._store.num_advances:
            self._newest = (self._store.num_advances, [self._store.rung_values(rung) for rung in self._rungs])
        return self._newest[1]

    def _observation(self, trial: Trial, final: Values, by_rung: Sequence[Values]) -> Observation:
        suggestion = self._store.suggestion(trial.number)
        if trial.duplicate_of is not None:
            original = self._observation(self._store[trial.duplicate_of], final, by_rung)
            return replace(original, suggestion=suggestion)
        cost = trial.cost or self._problem.full_cost
        known = Observation(
            suggestion,
            pattern=trial.pattern,
            costs=self._cost_shares(cost),
            rung_values=tuple(
                _at_rungs(trial, goal, final, by_rung) for goal in self._problem.objectives if goal.scores
            ),
        )
        if trial.state is TrialState.RUNNING:
            return known
        values = final.get(trial.number) or worst_values(self._problem.objectives, cost)
        failed = not trial.scores and trial.state is not TrialState.OVER_BUDGET
        constraints = self._store.excesses(cost) | {"trained": float(failed)}
        return replace(known, values=tuple(values.values()), constraints=constraints)

    def _counted(self, pattern: ModelPattern) -> tuple[tuple[float, ...], bool]:
        """A pattern's cost objectives as shares of full attention, and whether it is over budget."""
        cost = self._problem.cost(pattern)
        return self._cost_shares(cost), not self._store.keeps_budgets(cost)

    def _cost_shares(self, cost: Cost) -> tuple[float, ...]:
        shares = cost.ratio_to(self._problem.full_cost)
        return tuple(shares[COSTS[goal.name][0]] for goal in self._problem.objectives if not goal.scores)


def _at_rungs(trial: Trial, goal: Goal, final: Values, by_rung: Sequence[Values]) -> tuple[float | None, ...]:
    """A trial's value at every rung, to be minimised; None where it was not trained to.

    A mean rank is the forecast one at every rung, since ranks among different trials cannot be compared.
    """
    columns = [final] * len(by_rung) if len(goal.scores) > 1 else by_rung
    own = [values.get(trial.number) for values in columns]
    return tuple(None if values is None else signed(values[goal.name], goal) for values in own)
