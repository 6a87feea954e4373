"""The history of a study, as its samplers are given it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec.structs import replace
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from nas.patterns.model import ModelPattern
from nas.results.objective import cost_values
from nas.results.trial import Trial, TrialState
from nas.search.problem.problem import Problem
from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.measured_costs import MeasuredCosts
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
        self._counted = lru_cache(maxsize=1 << 14)(self._count)  # a sampler meets the same patterns in ask after ask
        self._measured = MeasuredCosts(problem, store)

    @property
    def view(self) -> SpaceView:
        """The space, for samplers that explore it."""
        return SpaceView(
            sample=self._problem.sample,
            costs=lambda pattern: self._shares(self._costs(pattern)),
            over_budget=lambda pattern: not self._store.keeps_budgets(self._costs(pattern)),
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
        costs = {**self._store.full_costs, **trial.costs}  # what is unknown costs as much as full attention
        known = Observation(
            suggestion,
            pattern=trial.pattern,
            costs=self._shares(costs),
            rung_values=tuple(
                _at_rungs(trial, goal, final, by_rung) for goal in self._problem.objectives if goal.scores
            ),
        )
        if trial.state is TrialState.RUNNING:
            return known
        values = final.get(trial.number) or worst_values(self._problem.objectives, costs)
        failed = not trial.scores and trial.state is not TrialState.OVER_BUDGET
        constraints = self._store.excesses(costs) | {"trained": float(failed)}
        return replace(known, values=tuple(values.values()), constraints=constraints)

    def _costs(self, pattern: ModelPattern) -> Mapping[str, float]:
        """A pattern's costs by name of the objective: counted, and where they matter measured or forecast."""
        return {**self._counted(pattern), **self._measured.of(pattern)}

    def _count(self, pattern: ModelPattern) -> Mapping[str, float]:
        return cost_values(self._problem.cost(pattern))

    def _shares(self, costs: Mapping[str, float]) -> tuple[float, ...]:
        """The cost objectives as shares of full attention."""
        full = self._store.full_costs
        return tuple(costs[goal.name] / full[goal.name] for goal in self._problem.objectives if not goal.scores)


def _at_rungs(trial: Trial, goal: Goal, final: Values, by_rung: Sequence[Values]) -> tuple[float | None, ...]:
    """A trial's value at every rung, to be minimised; None where it was not trained to.

    A mean rank is the forecast one at every rung, since ranks among different trials cannot be compared.
    """
    columns = [final] * len(by_rung) if len(goal.scores) > 1 else by_rung
    own = [values.get(trial.number) for values in columns]
    return tuple(None if values is None else signed(values[goal.name], goal) for values in own)
