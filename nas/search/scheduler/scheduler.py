"""The scheduler: it trains baselines to the last rung, and sampled trials as halving promotes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from nas.results.decision import Decision
from nas.results.trial import Trial, TrialState
from nas.search.problem.problem import Problem
from nas.search.scheduler.decisions import Decisions
from nas.search.scheduler.forecast import Forecast, Forecaster, signed
from nas.search.scheduler.halving import Standing, promotions
from nas.search.trial_store import TrialStore
from nas.statistics.pareto import Point, nondominated


@dataclass(frozen=True, slots=True)
class _Promoted:
    """The trials that halving promotes, until there is a new forecast or all of them have been started.

    Args:
        forecast: by which they were ranked.
        more_to_come: whether further trials will be proposed.
        left: numbers of those that have not been started, best first.
    """

    forecast: Forecast
    more_to_come: bool
    left: Sequence[int]


class Scheduler:
    """Decides which trials train next, from what is currently known alone.

    Args:
        problem: what is searched.
        store: all trials.
        rungs: in optimiser steps, ascending.
        ratio: a rung promotes one trial in `ratio`.
        forecaster: forecasts trials to the last rung.
        decisions: keeps what is decided.
    """

    def __init__(
        self,
        problem: Problem,
        store: TrialStore,
        rungs: Sequence[int],
        ratio: int,
        forecaster: Forecaster,
        decisions: Decisions,
    ) -> None:
        self._problem, self._store, self._rungs, self._ratio = problem, store, tuple(rungs), ratio
        self._forecaster, self._decisions = forecaster, decisions
        self._busy: set[int] = set()
        self._promoted: _Promoted | None = None
        self._front: tuple[Forecast, Sequence[int]] | None = None
        self._agreements: dict[tuple[int, int], float | None] = {}
        """By rung, and by how many trials had reached the next one."""

    def started(self, trials: Sequence[Trial]) -> None:
        """Mark trials as training."""
        numbers = {trial.number for trial in trials}
        self._decisions.happened("started", sorted(numbers))
        self._busy |= numbers
        if self._promoted and self._promoted.left:
            left = [number for number in self._promoted.left if number not in numbers]
            self._promoted = replace(self._promoted, left=left) if left else None

    def ended(self, numbers: Sequence[int]) -> None:
        """Mark trials as no longer training."""
        self._decisions.happened("ended", sorted(numbers))
        self._busy.difference_update(numbers)

    def next_baselines(self) -> list[Trial]:
        """Baselines that have not reached the last rung: those at the highest rung, all at the same one."""
        baselines = takewhile(lambda trial: trial.baseline is not None, self._store.trials)  # numbered first
        return self._furthest(baselines)

    def newcomers(self) -> list[Trial]:
        """Sampled trials that have not been trained."""
        return [trial for trial in self._store.running if not trial.baseline and trial.number not in self._busy]

    def next_promoted(self, *, more_to_come: bool) -> list[Trial]:
        """Sampled trials that halving promotes now.

        Args:
            more_to_come: whether further trials will be proposed.
        """
        if len(self._rungs) == 1 or not self._store.rung_scores(self._rungs[0]):
            return []
        forecast, known = self._forecaster.now(), self._promoted
        if known is None or (known.forecast, known.more_to_come) != (forecast, more_to_come):
            decision = self._decisions.decide(
                "promoted",
                more_to_come,
                self._store.digest,
                choose=lambda past: self._promotions(past, forecast, more_to_come),
                fits=self._can_promote,
            )
            for rung, agreement in enumerate(decision.agreements):
                self._agreements[rung, self._num_above(rung)] = agreement
            self._promoted = known = _Promoted(forecast, more_to_come, decision.trials)
        return [self._store[number] for number in known.left]

    def next_finalists(self) -> list[Trial]:
        """Trials that are forecast to be on the front and have not reached the last rung, all at the same one."""
        return self._furthest(self.front()) if len(self._rungs) > 1 else []

    def front(self) -> list[Trial]:
        """The trials that are forecast to be on the front, at whichever rung they are."""
        if not self._store.rung_scores(self._rungs[0]):
            return []
        forecast = self._forecaster.now()
        if self._front is None or self._front[0] is not forecast:
            decision = self._decisions.decide(
                "front",
                self._store.digest,
                choose=lambda past: self._nondominated(past, forecast),
                fits=self._have_scores,
            )
            self._front = (forecast, decision.trials)
        return [self._store[number] for number in self._front[1]]

    def rung_after(self, trial: Trial) -> int:
        """The next rung of a trial, in optimiser steps."""
        return next(rung for rung in self._rungs if rung > trial.step)

    def _promotions(self, past: str, forecast: Forecast, more_to_come: bool) -> Decision:
        racing = [trial for trial in self._scored(forecast) if not trial.baseline]
        agreements = self._agreement_by_rung(forecast) if racing else ()
        chosen = promotions(
            [self._standing(trial, forecast) for trial in racing],
            len(self._rungs),
            self._ratio,
            _or_below(agreements),
            more_to_come=more_to_come,
        )
        return Decision(past=past, trials=tuple(chosen), agreements=agreements)

    def _can_promote(self, decision: Decision) -> bool:
        """Whether its trials wait at one rung, and it has an agreement for every rung or for none."""
        if not self._have_scores(decision) or len(decision.agreements) not in (0, len(self._rungs) - 1):
            return False
        chosen = [self._store[number] for number in decision.trials]
        waiting = all(trial.state is TrialState.STOPPED and trial.number not in self._busy for trial in chosen)
        return waiting and len({trial.step for trial in chosen}) <= 1

    def _have_scores(self, decision: Decision) -> bool:
        return all(
            number in range(len(self._store.trials)) and self._store[number].scores for number in decision.trials
        )

    def _nondominated(self, past: str, forecast: Forecast) -> Decision:
        racing = [one for one in self._scored(forecast) if one.cost and self._store.keeps_budgets(one.costs)]
        kept = nondominated([self._point(trial.number, forecast) for trial in racing])
        return Decision(past=past, trials=tuple(racing[index].number for index in kept))

    def _furthest(self, trials: Iterable[Trial]) -> list[Trial]:
        """Of the trials that could be trained further, those at the highest rung."""
        open_states = (TrialState.RUNNING, TrialState.STOPPED)
        waiting = [one for one in trials if one.state in open_states and one.number not in self._busy]
        step = max((trial.step for trial in waiting), default=0)
        return [trial for trial in waiting if trial.step == step]

    def _scored(self, forecast: Forecast) -> list[Trial]:
        """One trial of every pattern that has scores and a forecast, baselines included."""
        return [trial for number in forecast.numbers if (trial := self._store[number]).scores]

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

    def _agreement_by_rung(self, forecast: Forecast) -> tuple[float | None, ...]:
        """How well each rung agrees with the next one; computed again when one more trial has reached the latter."""
        for rung in range(len(self._rungs) - 1):
            place = (rung, self._num_above(rung))
            if place not in self._agreements:
                self._agreements[place] = forecast.agreement(rung)
        return tuple(self._agreements[rung, self._num_above(rung)] for rung in range(len(self._rungs) - 1))

    def _num_above(self, rung: int) -> int:
        return len(self._store.rung_scores(self._rungs[rung + 1]))


def _or_below(agreements: Sequence[float | None]) -> dict[int, float | None]:
    """By rung; where it is unknown, that of the rung below."""
    found: dict[int, float | None] = {}
    for rung, agreement in enumerate(agreements):
        found[rung] = found.get(rung - 1) if agreement is None else agreement
    return found
