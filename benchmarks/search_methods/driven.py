"""Studies by the product's own driver, replayed on a table and judged after every training."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from optuna.samplers import GPSampler, TPESampler
from replay import MemoryStorage, ReplayExecutor

from nas.patterns.model import ModelPattern
from nas.results.observer import Observer
from nas.results.trial import Trial, TrialState
from nas.search.concurrency import Concurrency
from nas.search.devices import CPU_COHORT
from nas.search.driver import Driver
from nas.search.observers import Observers
from nas.search.samplers.ask_context import MakeSampler
from nas.search.samplers.catalog import SAMPLERS
from search_methods.mutation import ParetoMutation
from search_methods.search import Curve, Search
from search_methods.settings import study_settings
from search_methods.truth import load

MAKERS: dict[str, MakeSampler] = SAMPLERS | {
    "mutation": lambda asked: ParetoMutation(asked.own_seed),
    "tpe, 10 random": lambda asked: TPESampler(seed=asked.own_seed, multivariate=True, group=True),
    "tpe, univariate": lambda asked: TPESampler(seed=asked.own_seed),
    "gp, 10 random": lambda asked: GPSampler(seed=asked.own_seed, warn_independent_sampling=False),
}
"""The product's samplers, and some that it does not offer."""


class Trace(Observer):
    """An observer that judges the choices after every training.

    Args:
        spent: what has been spent so far.
        share: what chosen patterns are worth, as a share of the true hypervolume.
    """

    def __init__(self, spent: Callable[[], float], share: Callable[[Sequence[ModelPattern]], float]) -> None:
        self._spent, self._share = spent, share
        self.driver: Driver | None = None
        self.curve: Curve = []
        self.num_chosen: list[int] = []

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._judge()

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        if trial.state is TrialState.FINISHED:
            self._judge()

    def _judge(self) -> None:
        assert self.driver is not None
        chosen = [trial.pattern for trial in self.driver.forecast_front() if trial.pattern]
        self.curve.append((float(self._spent()), self._share(chosen)))
        self.num_chosen.append(len(chosen))


def driven(path: Path, num_seeds: int | None, seed: int, *, sampler: str, **study: Any) -> Search:
    """One study by the product's own driver."""
    table, problem, truth = load(path, num_seeds)
    settings = study_settings(table, seed=seed, **study)
    executor = ReplayExecutor(table.rows, {seed * 1000: truth.own_seed(seed)}, table.training, problem.target)
    trace = Trace(lambda: executor.train_flops, lambda chosen: truth.share([pattern.id for pattern in chosen]))
    concurrency = Concurrency(num_workers=2, cohort_size=CPU_COHORT)
    trace.driver = Driver(
        settings, problem, MAKERS[sampler], MemoryStorage(), executor, Observers([trace]), concurrency, None
    )
    trace.driver.run()
    patterns = {trial.number: trial.pattern.id for trial in trace.driver.trials if trial.pattern}
    ranked = {patterns[number]: own["quality"] for number, own in trace.driver.ranking().items()}
    return Search(trace.curve, truth.tau(ranked), tuple(trace.num_chosen))
