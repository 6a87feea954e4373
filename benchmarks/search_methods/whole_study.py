"""A whole study, replayed: the search, the confirmation of its front, and the long runs that check its ranking."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from replay import MemoryStorage, ReplayExecutor

from nas.costs.counting import count_cost
from nas.patterns.model import ModelPattern
from nas.proxy.training.schedule import rung_steps
from nas.results.front import Front
from nas.results.observer import Observer
from nas.results.trial import Trial, TrialState
from nas.search.concurrency import Concurrency
from nas.search.devices import CPU_COHORT
from nas.search.driver import Driver
from nas.search.fidelity.long_runs import Ranking
from nas.search.further_runs import trial_seed
from nas.search.observers import Observers
from nas.search.problem.problem import Problem, scores_and_objectives
from nas.search.samplers.catalog import SAMPLERS
from nas.search.settings import StudySettings
from nas.search.trial_store import TrialStore
from search_methods.world import World

PURPOSES = (
    "baselines",
    "first rung",
    "later rungs",
    "confirmation",
    "long runs",
)
Amounts = Counter[str]
"""Optimiser steps or training FLOPs, by purpose."""
Run = tuple[int, int, int]
"""Trial, seed and rung of a training run."""
TWO_CORES = Concurrency(num_workers=2, cohort_size=CPU_COHORT)


@dataclass(frozen=True)
class Moment:
    """What a search would put on its front after a training run.

    Args:
        num_trials: sampled trials trained so far.
        num_steps: optimiser steps of all runs so far.
        num_steps_in_turn: the same where all members of a cohort take a step at once.
        chosen: patterns.
    """

    num_trials: int
    num_steps: int
    num_steps_in_turn: int
    chosen: tuple[ModelPattern, ...]


@dataclass(frozen=True)
class WholeStudy:
    """What a replayed study came to.

    Args:
        problem: what it searched.
        moments: of the search.
        front: patterns on the front, confirmed where the study confirms.
        result: the study's result, as in front.json.
        store: all trials.
        ranking: of those that were trained.
        steps: optimiser steps by purpose, branches included.
        flops: training FLOPs of these steps, by purpose.
    """

    problem: Problem
    moments: tuple[Moment, ...]
    front: tuple[ModelPattern, ...]
    result: Front
    store: TrialStore
    ranking: Ranking
    steps: Amounts
    flops: Amounts

    @property
    def num_steps(self) -> int:
        """Optimiser steps in all."""
        return self.steps.total()


class _Moments(Observer):
    """An observer that keeps what the search would choose after every training run."""

    def __init__(self, executor: ReplayExecutor) -> None:
        self._executor = executor
        self.driver: Driver | None = None
        self.found: list[Moment] = []

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._keep()

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        if trial.state is TrialState.FINISHED:
            self._keep()

    def _keep(self) -> None:
        assert self.driver is not None
        num_trials = sum(bool(trial.scores) and not trial.baseline for trial in self.driver.trials)
        chosen = tuple(trial.pattern for trial in self.driver.forecast_front() if trial.pattern)
        steps = self._executor.steps.total()
        self.found.append(Moment(num_trials, steps, self._executor.steps_in_turn, chosen))


def replay_study(
    world: World,
    settings: StudySettings,
    concurrency: Concurrency = TWO_CORES,
) -> WholeStudy:
    """Run a study by the product's own driver in a world.

    Args:
        world: where it is run.
        settings: of the study.
        concurrency: what runs at once.
    """
    indices = range(max(settings.confirm_seeds + 1, settings.fidelity.num_seeds))
    seeds = {trial_seed(settings, index): world.seed_of(settings.seed, index) for index in indices}
    scores, objectives = scores_and_objectives(settings, world.problem.backbone)
    problem = replace(world.problem, scores=scores, objectives=objectives)
    executor = world.make_executor(seeds)
    moments = _Moments(executor)
    moments.driver = driver = Driver(
        settings,
        problem,
        SAMPLERS[settings.sampler],
        MemoryStorage(),
        executor,
        Observers([moments]),
        concurrency,
    )
    front = driver.run()
    return WholeStudy(
        problem=problem,
        moments=tuple(moments.found),
        front=tuple(point.pattern for point in front.points),
        result=front,
        store=driver._store,
        ranking=driver.ranking(),
        steps=_by_purpose(executor.steps, driver.trials, settings),
        flops=_by_purpose(_flops(executor.steps, driver.trials, world, settings), driver.trials, settings),
    )


def _flops(steps: Mapping[Run, int], trials: Sequence[Trial], world: World, settings: StudySettings) -> dict[Run, int]:
    """Training FLOPs of the steps of every run."""
    step_flops = {
        trial.number: count_cost(trial.pattern, world.problem.target).train_flops * settings.training.batch_size
        for trial in trials
        if trial.pattern
    }
    return {run: num * step_flops[run[0]] for run, num in steps.items()}


def _by_purpose(amounts: Mapping[Run, int], trials: Sequence[Trial], settings: StudySettings) -> Amounts:
    """Amounts by what they are for."""
    rungs, own = rung_steps(settings.training), trial_seed(settings, 0)
    found: Amounts = Counter(dict.fromkeys(PURPOSES, 0))
    for run, amount in amounts.items():
        number, seed, rung = run
        if rung > rungs[-1]:
            purpose = "long runs"
        elif seed != own:
            purpose = "confirmation"
        elif trials[number].baseline:
            purpose = "baselines"
        else:
            purpose = "first rung" if rung == rungs[0] else "later rungs"
        found[purpose] += amount
    return found
