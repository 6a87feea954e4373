"""The history of a study, as its samplers are given it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec.structs import replace

from nas.patterns.model import ModelPattern
from nas.results.objective import cost_values
from nas.results.trial import Trial, TrialState
from nas.search.problem.problem import Problem
from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.measured_costs import MeasuredCosts
from nas.search.samplers.observation import Observation
from nas.search.scheduler.forecast import Forecast, Forecaster, signed
from nas.search.scoring.objectives import Goal, worst_values
from nas.search.trial_store import EXACT, TrialStore

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
        self._seen: list[Trial] = []
        self._read: list[Observation] = []
        """Of the first of those that were seen."""
        self._forecast: Forecast | None = None
        self._reading = self._num_read = -1
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
            expected=self._problem.expected if self._problem.shape.sensitivity is not None else None,
            rungs=self._rungs,
        )

    def look(self) -> None:
        """Take note of the trials as they are at this moment.

        Trials are seen as they were at the last reading of the store, and those entered since as they entered. Nothing
        is computed of them before `all` is called, which a resumed study does once it has read all its proposals.
        """
        if self._reading != self._store.reading:
            self._reading, self._num_read = self._store.reading, len(self._store.trials)
            self._seen, self._read = [], []
        if self._store.rung_scores(self._rungs[0]):
            self._forecast = self._forecaster.now()
        self._seen += self._store.trials[len(self._seen) :]

    def all(self) -> tuple[list[Observation], int]:
        """One observation per trial, in order, and how many of them models should be made of.

        While there are few, models are made of all, so that the next suggestion can differ from those still running.
        """
        self.look()
        by_rung = [self._store.rung_values(rung) for rung in self._rungs]
        final = self._forecast.values if self._forecast else {}
        for trial in self._seen[len(self._read) :]:
            self._read.append(self._observed(trial, final, by_rung))
        num_trials = len(self._read)
        return list(self._read), num_trials if num_trials < EXACT else self._num_read

    def _observed(self, trial: Trial, final: Values, by_rung: Sequence[Values]) -> Observation:
        """A trial for `all`, where those are running that have advanced since the forecast was made."""
        if trial.duplicate_of is not None:
            return replace(self._read[trial.duplicate_of], suggestion=self._store.suggestion(trial.number))
        if trial.scores and trial.number not in final:
            return self._running(trial, final, by_rung)
        return self._observation(trial, final, by_rung)

    def _observation(self, trial: Trial, final: Values, by_rung: Sequence[Values]) -> Observation:
        known = self._running(trial, final, by_rung)
        if trial.state is TrialState.RUNNING:
            return known
        costs = self._known_costs(trial)
        values = final.get(trial.number) or worst_values(self._problem.objectives, costs)
        failed = not trial.scores and trial.state is not TrialState.OVER_BUDGET
        constraints = self._store.excesses(costs) | {"trained": float(failed)}
        return replace(known, values=tuple(values.values()), constraints=constraints)

    def _running(self, trial: Trial, final: Values, by_rung: Sequence[Values]) -> Observation:
        return Observation(
            self._store.suggestion(trial.number),
            pattern=trial.trained_pattern,
            costs=self._shares(self._known_costs(trial)),
            rung_values=tuple(
                _at_rungs(trial, goal, self._rungs, final, by_rung) for goal in self._problem.objectives if goal.scores
            ),
        )

    def _known_costs(self, trial: Trial) -> Mapping[str, float]:
        """A trial's costs by name of the objective; what is unknown costs as much as full attention."""
        return {**self._store.full_costs, **trial.costs}

    def _costs(self, pattern: ModelPattern) -> Mapping[str, float]:
        """A candidate's costs by name of the objective: about counted, and where they matter measured or forecast."""
        return {**self._counted(pattern), **self._measured.of(pattern)}

    def _count(self, pattern: ModelPattern) -> Mapping[str, float]:
        return cost_values(self._problem.estimated_cost(pattern))

    def _shares(self, costs: Mapping[str, float]) -> tuple[float, ...]:
        """The cost objectives as shares of full attention."""
        full = self._store.full_costs
        return tuple(costs[goal.name] / full[goal.name] for goal in self._problem.objectives if not goal.scores)


def _at_rungs(
    trial: Trial, goal: Goal, rungs: Sequence[int], final: Values, by_rung: Sequence[Values]
) -> tuple[float | None, ...]:
    """A trial's value at every rung, to be minimised; None where it was not trained to, as it was seen.

    A mean rank is the forecast one at every rung, since ranks among different trials cannot be compared.
    """
    if len(goal.scores) > 1:
        own = [final.get(trial.number)] * len(rungs)
    else:
        reached = zip(rungs, by_rung, strict=True)
        own = [values.get(trial.number) if rung <= trial.step else None for rung, values in reached]
    return tuple(None if values is None else signed(values[goal.name], goal) for values in own)
