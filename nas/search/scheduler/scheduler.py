"""The scheduler: it trains baselines to the last rung, and sampled trials as halving promotes them."""

from collections.abc import Sequence

from nas.results.trial import Trial, TrialState
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecast, Forecaster, signed
from nas.search.scheduler.halving import Standing, promotions
from nas.search.trial_store import TrialStore
from nas.statistics.pareto import Point, nondominated


class Scheduler:
    """Decides which trials train next, from what is currently known alone.

    Args:
        problem: what is searched.
        store: all trials.
        rungs: in optimiser steps, ascending.
        ratio: a rung promotes one trial in `ratio`.
        forecaster: forecasts trials to the last rung.
    """

    def __init__(
        self, problem: Problem, store: TrialStore, rungs: Sequence[int], ratio: int, forecaster: Forecaster
    ) -> None:
        self._problem, self._store, self._rungs, self._ratio = problem, store, tuple(rungs), ratio
        self._forecaster = forecaster
        self._busy: set[int] = set()
        self._agreements: dict[tuple[int, int], float | None] = {}

    def started(self, trials: Sequence[Trial]) -> None:
        """Mark trials as training."""
        self._busy.update(trial.number for trial in trials)

    def ended(self, numbers: Sequence[int]) -> None:
        """Mark trials as no longer training."""
        self._busy.difference_update(numbers)

    def next_baselines(self) -> list[Trial]:
        """Baselines that have not reached the last rung: those at the highest rung, all at the same one."""
        return self._furthest([trial for trial in self._store.trials if trial.baseline])

    def newcomers(self) -> list[Trial]:
        """Sampled trials that have not been trained."""
        return [trial for trial in self._free() if not trial.baseline and trial.step == 0]

    def next_promoted(self, *, more_to_come: bool) -> list[Trial]:
        """Sampled trials that halving promotes now.

        Args:
            more_to_come: whether further trials will be proposed.
        """
        racing = [trial for trial in self._scored() if not trial.baseline]
        if len(self._rungs) == 1 or not racing:
            return []
        forecast = self._forecaster.now()
        standings = [self._standing(trial, forecast) for trial in racing]
        agreements = self._agreement_by_rung(forecast)
        numbers = promotions(standings, len(self._rungs), self._ratio, agreements, more_to_come=more_to_come)
        return [self._store[number] for number in numbers]

    def next_finalists(self) -> list[Trial]:
        """Trials that are forecast to be on the front and have not reached the last rung, all at the same one."""
        return self._furthest(self.front()) if len(self._rungs) > 1 else []

    def front(self) -> list[Trial]:
        """The trials that are forecast to be on the front, at whichever rung they are."""
        racing = [trial for trial in self._scored() if trial.cost and self._store.keeps_budgets(trial.costs)]
        if not racing:
            return []
        forecast = self._forecaster.now()
        points = [self._point(trial.number, forecast) for trial in racing]
        return [racing[index] for index in nondominated(points)]

    def rung_after(self, trial: Trial) -> int:
        """The next rung of a trial, in optimiser steps."""
        return next(rung for rung in self._rungs if rung > trial.step)

    def _furthest(self, trials: Sequence[Trial]) -> list[Trial]:
        allowed = {trial.number for trial in trials}
        waiting = [trial for trial in self._free() if trial.number in allowed]
        step = max((trial.step for trial in waiting), default=0)
        return [trial for trial in waiting if trial.step == step]

    def _free(self) -> list[Trial]:
        """Trials that could be trained further."""
        open_states = (TrialState.RUNNING, TrialState.STOPPED)
        return [trial for trial in self._store.trials if trial.state in open_states and trial.number not in self._busy]

    def _scored(self) -> list[Trial]:
        """One trial of every pattern that has scores, baselines included."""
        return [trial for trial in self._store.trials if trial.scores and trial.duplicate_of is None]

    def _standing(self, trial: Trial, forecast: Forecast) -> Standing:
        assert trial.cost is not None
        return Standing(
            number=trial.number,
            rung=self._rungs.index(trial.step),
            busy=trial.number in self._busy,
            density=trial.cost.attention_flops,
            point=self._point(trial.number, forecast),
        )

    def _point(self, number: int, forecast: Forecast) -> Point:
        values = forecast.values[number]
        return tuple(signed(values[objective.name], objective) for objective in self._problem.objectives)

    def _agreement_by_rung(self, forecast: Forecast) -> dict[int, float | None]:
        """How well each rung agrees with the next one; while that is unknown, the agreement of the rung below.

        Computed again whenever one more trial has reached the next rung.
        """
        agreements: dict[int, float | None] = {}
        for rung in range(len(self._rungs) - 1):
            num_above = len(self._store.rung_values(self._rungs[rung + 1]))
            if (rung, num_above) not in self._agreements:
                self._agreements[rung, num_above] = forecast.agreement(rung)
            known = self._agreements[rung, num_above]
            agreements[rung] = agreements.get(rung - 1) if known is None else known
        return agreements
