"""Studies by the product's own driver, replayed on a table and judged after every training."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optuna.samplers import GPSampler, TPESampler
from replay import MemoryStorage, ReplayExecutor

from nas.costs.target import Target
from nas.proxy.settings import TrainingSettings
from nas.results.observer import Observer
from nas.results.table import TableRow
from nas.results.trial import Trial, TrialState
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.observers import Observers
from nas.search.problem.problem import scores_and_objectives
from nas.search.samplers.ask_context import MakeSampler
from nas.search.samplers.catalog import SAMPLERS
from search_methods.mutation import ParetoMutation
from search_methods.projections import projection_overhead
from search_methods.search import Chosen, Search
from search_methods.settings import study_settings
from search_methods.truth import load
from search_methods.whole_study import TWO_CORES

MAKERS: dict[str, MakeSampler] = SAMPLERS | {
    "mutation": lambda asked: ParetoMutation(asked.own_seed),
    "tpe, 10 random": lambda asked: TPESampler(seed=asked.own_seed, multivariate=True, group=True),
    "tpe, univariate": lambda asked: TPESampler(seed=asked.own_seed),
    "gp, 10 random": lambda asked: GPSampler(seed=asked.own_seed, warn_independent_sampling=False),
}
"""The product's samplers, and some that it does not offer."""
ALONE = Concurrency(num_workers=1, cohort_size=1)
"""One trial in training."""


class Trace(Observer):
    """An observer that keeps what the search would choose after every training.

    Args:
        spent: training FLOPs that have been spent so far.
    """

    def __init__(self, spent: Callable[[], float]) -> None:
        self._spent = spent
        self.driver: Driver | None = None
        self.moments: list[Chosen] = []
        self.cpu_seconds = 0.0
        """Processor time that watching took, which no search would spend."""

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._keep()

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        if trial.state is TrialState.FINISHED:
            self._keep()

    def _keep(self) -> None:
        assert self.driver is not None
        started = time.process_time()
        ids = tuple(trial.pattern.id for trial in self.driver.forecast_front() if trial.pattern)
        self.moments.append(Chosen(float(self._spent()), ids))
        self.cpu_seconds += time.process_time() - started


class SpreadExecutor(ReplayExecutor):
    """A replay in which trials take their seeds in turn, where all trials of a study share one.

    Args:
        rows: see `ReplayExecutor`.
        seeds: see `ReplayExecutor`.
        training: see `ReplayExecutor`.
        proxy: see `ReplayExecutor`.
        in_turn: the table's seeds that trials take, by trial.
    """

    def __init__(
        self,
        rows: Iterable[TableRow],
        seeds: Mapping[int, int],
        training: TrainingSettings,
        proxy: Target,
        in_turn: Sequence[int],
    ) -> None:
        super().__init__(rows, seeds, training, proxy)
        self._in_turn = in_turn

    def of_table(self, trial: int, seed: int) -> int:
        """The next trial has the next seed."""
        return self._in_turn[trial % len(self._in_turn)]


def driven(
    path: Path,
    num_draws: int,
    seed: int,
    *,
    sampler: str,
    num_steps: int | None = None,
    project: bool = False,
    num_seeds: int = 1,
    one_at_a_time: bool = False,
    **study: Any,
) -> Search:
    """One study by the product's own driver.

    Args:
        path: of the table.
        num_draws: see `load`.
        seed: of the search.
        sampler: one of MAKERS.
        num_steps: of its longest runs; None for the table's last rung.
        project: with a single rung: rank by qualities that are projected from it and the rung below, which is scored
            too. With several rungs a study projects by itself.
        num_seeds: that trials are spread over, one each in turn.
        one_at_a_time: let every ask know all results before it, where a search on two cores has several trials in
            training.
        study: see `study_settings`.
    """
    table, problem, truth = load(path, num_draws, project=project)
    settings = study_settings(table, seed=seed, num_steps=num_steps, **study)
    overhead = projection_overhead(table, settings.training.num_steps) if project else 1.0
    scores, objectives = scores_and_objectives(settings, problem.backbone)
    problem = replace(problem, scores=scores, objectives=objectives)
    quality = next(goal.name for goal in objectives if goal.scores)
    seeds = [truth.own_seed(seed + index) for index in range(num_seeds)]
    executor = SpreadExecutor(table.rows, {seed * 1000: seeds[0]}, table.training, problem.target, seeds)
    trace = Trace(lambda: overhead * executor.train_flops)
    concurrency = ALONE if one_at_a_time else TWO_CORES
    trace.driver = Driver(
        settings, problem, MAKERS[sampler], MemoryStorage(), executor, Observers([trace]), concurrency
    )
    started = time.process_time()
    trace.driver.run()
    cpu_seconds = time.process_time() - started - trace.cpu_seconds
    patterns = {trial.number: trial.pattern.id for trial in trace.driver.trials if trial.pattern}
    ranked = {patterns[number]: truth.sign * own[quality] for number, own in trace.driver.ranking().items()}
    return Search(tuple(trace.moments), truth.tau(ranked), cpu_seconds)
