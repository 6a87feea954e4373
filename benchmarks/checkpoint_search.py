"""Which sampler finds the better front inside a checkpoint, by patterns and by time, and does its survey help?

    PYTHONPATH=tests python -c "import pathlib, tiny_decoder; tiny_decoder.train_tiny_decoder(pathlib.Path('tiny'))"
    python benchmarks/checkpoint_search.py tiny.jsonl tiny task.path=my-text task.num_tokens=160 \\
        task.validation_sequences=8 evaluation.needle_sequences=32 training.batch_size=8 --trials 24
    python benchmarks/checkpoint_search.py tables/checkpoint/smollm2.jsonl ./smollm2 evaluation=checkpoint_quick \\
        --spaces by_sensitivity --trials 20 'space.options.num_sinks=[4]' ...

Every study is run by the product's own driver on a table (`checkpoint_table.py`), which scores what it lacks; so all
studies see the same scores, and a seed decides nothing but what a sampler draws. Compared are, in each space:

- `ehvi`: the default sampler, with what the survey predicts among its features, and with every second pattern
  predicted;
- `ehvi without`: the same without either;
- `additive`: patterns in the order in which the prediction says that they add to the front, whatever is measured;
- `tpe` and `random`.

**What is judged.** The hypervolume of the front of all that a study has scored, baselines included, in the objectives
text loss, needles found and KV cache, as a share of that of everything that any of the studies has scored: 0 to 1. Its
reference is the worst value of each objective among the baselines that all spaces have: `full`, `retrieval_streaming`,
`streaming`, `sliding_window` and `local_global`.

**When.** After a quarter, half, three quarters and all of the sampled patterns, duplicates counted; and at the CPU
seconds in which that many can be scored by a sampler that takes no time, after retrieval scores, the baselines and, in
`by_sensitivity`, the survey. Each pattern is charged the mean of the table, whoever scored it. Charged besides are
the driver's own CPU seconds, and the whole survey to the arms that read it. So by time an arm is behind what it has
by patterns, by its own costs.

**How sure.** Means over seeds (8) with a 95% t-interval; and the difference from `ehvi` on the same seed, with its
interval. A difference counts if its interval leaves out 0.
"""

import argparse
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from checkpoint_table import CheckpointTable
from numpy.typing import NDArray
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial
from replay import MemoryStorage
from scipy import stats

from nas.config.load import load_settings
from nas.patterns.model import ModelPattern
from nas.results.observer import Observer
from nas.results.trial import Trial, TrialState
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob
from nas.search.observers import Observers
from nas.search.problem.problem import Problem
from nas.search.samplers.ask_context import AskContext, MakeSampler, SpaceView
from nas.search.samplers.candidates import Candidate, draw_candidates
from nas.search.samplers.catalog import SAMPLERS
from nas.search.samplers.improvement import expected_hypervolume_improvement
from nas.search.settings import StudySettings
from nas.space.needs import Needs
from nas.statistics.pareto import Point, hypervolume, nondominated

Array = NDArray[np.float64]

COMMON = ("full", "retrieval_streaming", "streaming", "sliding_window", "local_global")
"""Baselines of all spaces."""
POOL, MOST_DRAWS = 256, 2048
"""Candidates that the prediction orders, and draws of the space in which they are looked for."""
CERTAIN = 1e-9
"""Deviation of a value that is taken as known."""


class Unpredicted(Problem):
    """A problem whose features leave out what a survey predicts."""

    def expected(self, patterns: Sequence[ModelPattern]) -> Array:
        """See `Problem`; nothing."""
        return np.zeros((len(patterns), 0))


class AdditiveSampler(RandomSampler):
    """Suggests what the prediction puts in this place, and draws at random where it has run out of patterns."""

    def __init__(self, seed: int, chosen: Candidate | None) -> None:
        super().__init__(seed)
        self._chosen = chosen

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The parameters of the pattern."""
        return dict(self._chosen.parameters) if self._chosen else {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Their values."""
        return dict(self._chosen.params) if self._chosen else {}


def additive(problem: Problem, num_trials: int) -> MakeSampler:
    """What makes the sampler of a study in which the prediction chooses all patterns.

    Args:
        problem: with a survey.
        num_trials: patterns that the study samples.
    """
    order: list[Candidate] = []

    def make(asked: AskContext) -> BaseSampler:
        if not order:
            order.extend(predicted_order(asked.view, list(problem.baselines.values()), num_trials, asked.seed))
        return AdditiveSampler(asked.own_seed, order.pop(0) if order else None)

    return make


def predicted_order(view: SpaceView, baselines: Sequence[ModelPattern], num: int, seed: int) -> list[Candidate]:
    """Patterns by the hypervolume that they are predicted to add to the baselines and the ones before them.

    Args:
        view: the space.
        baselines: known before anything is drawn.
        num: most patterns.
        seed: of the draws.
    """
    known_ids = {view.identity(pattern) for pattern in baselines}
    pool = draw_candidates(view, (), known_ids, POOL, MOST_DRAWS, seed)
    known, offered = (_predicted(view, each) for each in (baselines, [one.pattern for one in pool]))
    reference = np.concatenate([known, offered]).max(axis=0) + CERTAIN
    order: list[Candidate] = []
    while pool and len(order) < num:
        gains = expected_hypervolume_improvement(
            known[:, 0], known[:, 1:], offered[:, 0], np.full(len(pool), CERTAIN), offered[:, 1:], reference
        )
        best = int(np.argmax(gains))
        order.append(pool.pop(best))
        known, offered = np.concatenate([known, offered[best : best + 1]]), np.delete(offered, best, axis=0)
    return order


def _predicted(view: SpaceView, patterns: Sequence[ModelPattern]) -> Array:
    """Predicted effects on text and needles, then costs: shape (patterns, 2 + costs)."""
    assert view.expected is not None, "there is a survey"
    return np.column_stack([view.expected(patterns), [view.costs(pattern) for pattern in patterns]])


def unpredicted(problem: Problem) -> Problem:
    """The problem without what its survey predicts among its features."""
    return Unpredicted(**{field.name: getattr(problem, field.name) for field in fields(problem)})


def ehvi_without(asked: AskContext) -> BaseSampler:
    """`ehvi` of one ask, for an `Unpredicted` problem: no pattern is proposed for its prediction either."""
    return SAMPLERS["ehvi"](replace(asked, view=replace(asked.view, expected=None)))


@dataclass(frozen=True)
class Arm:
    """What is compared.

    Args:
        make_sampler: from the problem and the number of patterns.
        surveyed: whether it reads the survey, whatever the space does.
    """

    make_sampler: Callable[[Problem, int], MakeSampler]
    surveyed: bool = False


ARMS = {
    "ehvi": Arm(lambda problem, num: SAMPLERS["ehvi"], surveyed=True),
    "ehvi without": Arm(lambda problem, num: ehvi_without),
    "additive": Arm(additive, surveyed=True),
    "tpe": Arm(lambda problem, num: SAMPLERS["tpe"]),
    "random": Arm(lambda problem, num: SAMPLERS["random"]),
}


@dataclass(frozen=True)
class Moment:
    """A trial as it ended.

    Args:
        baseline: its name, or None.
        num_scored: patterns that the study had scored by then.
        driver_seconds: CPU seconds that it had taken for everything but scores.
        point: the objectives to be minimised; None for a duplicate.
    """

    baseline: str | None
    num_scored: int
    driver_seconds: float
    point: Point | None


class TableExecutor:
    """Takes every score from a table; implements `nas.search.executors.jobs.Executor`."""

    def __init__(self, table: CheckpointTable) -> None:
        self._table = table
        self._queue: deque[Job] = deque()
        self.patterns: set[str] = set()
        """Ids of what was scored."""
        self.seconds = 0.0
        """CPU seconds that were spent on scores that the table lacked."""

    def submit(self, job: Job | ProfileJob) -> None:
        """Queue a job."""
        assert isinstance(job, Job), "a table has no profiles"
        self._queue.append(job)

    def next_result(self, on_progress: OnProgress) -> JobResult:
        """The scores of the oldest job."""
        started = time.process_time()
        result = self._table.measure(self._queue.popleft())
        self.patterns.add(result.job.members[0].pattern.id_in_order)
        self.seconds += time.process_time() - started
        return result

    def close(self) -> None:
        """Nothing runs."""


class Curve(Observer):
    """Keeps every trial of a study as it ends."""

    def __init__(self, problem: Problem, executor: TableExecutor) -> None:
        self._problem, self._executor = problem, executor
        self._started = time.process_time()
        self.moments: list[Moment] = []

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        seconds = time.process_time() - self._started - self._executor.seconds
        point = None
        if trial.state is TrialState.FINISHED:
            point = tuple(goal.objective.sign * trial.values[goal.name] for goal in self._problem.objectives)
        self.moments.append(Moment(trial.baseline, len(self._executor.patterns), seconds, point))


def replay(table: CheckpointTable, settings: StudySettings, arm: str) -> list[Moment]:
    """One study on a table."""
    problem = unpredicted(table.problem) if arm == "ehvi without" else table.problem
    executor = TableExecutor(table)
    curve = Curve(problem, executor)
    make_sampler = ARMS[arm].make_sampler(problem, settings.num_trials)
    concurrency = Concurrency(num_workers=1, cohort_size=1)
    Driver(settings, problem, make_sampler, MemoryStorage(), executor, Observers([curve]), concurrency).run()
    return curve.moments


def survey_seconds(table: CheckpointTable, *, surveyed: bool) -> float:
    """CPU seconds before the first trial.

    Args:
        table: whose survey it is.
        surveyed: whether the survey is read by more than the space.
    """
    needs = getattr(table.problem.space, "needs", Needs())
    return table.header.retrieval_seconds + table.header.survey_seconds * (surveyed or needs.sensitivity)


def after(moments: Sequence[Moment], num_sampled: int) -> list[Point]:
    """What a study has scored after so many sampled patterns."""
    num_baselines = sum(one.baseline is not None for one in moments)
    return [one.point for one in moments[: num_baselines + num_sampled] if one.point is not None]


def by(moments: Sequence[Moment], seconds: float, first: float, each: float) -> list[Point]:
    """What a study has scored by some CPU seconds.

    Args:
        moments: of the study.
        seconds: from its start.
        first: seconds before the first trial.
        each: seconds to score a pattern.
    """
    return [
        one.point
        for one in moments
        if one.point is not None and first + one.num_scored * each + one.driver_seconds <= seconds
    ]


def reference(moments: Sequence[Moment]) -> Point:
    """The worst value of each objective among the common baselines."""
    columns = zip(*(one.point for one in moments if one.baseline in COMMON and one.point is not None), strict=True)
    return tuple(max(column) for column in columns)


def volume(points: Sequence[Point], beyond: Point) -> float:
    """Hypervolume of the front of some points."""
    return hypervolume([points[index] for index in nondominated(points)], beyond)


def cells(values: Array) -> list[str]:
    """Mean and half of the 95% t-interval of every column, shape (seeds, columns)."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return [f"{mean:.3f} ± {error:.3f}" for mean, error in zip(values.mean(axis=0), half, strict=True)]


def print_table(title: str, heads: Sequence[str], shares: dict[str, Array]) -> None:
    """A row for each arm, and one for its difference from the first."""
    print(f"\n| {title} | {' | '.join(heads)} |\n|{'---|' * (len(heads) + 1)}")
    first = next(iter(shares.values()))
    for arm, values in shares.items():
        print(f"| `{arm}` | {' | '.join(cells(values))} |")
        if values is not first:
            print(f"| less `{next(iter(shares))}` | {' | '.join(cells(values - first))} |", flush=True)


def main(words: Sequence[str] | None = None) -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the file of scores; begun if it is not there")
    parser.add_argument("checkpoint", help="a folder")
    parser.add_argument("settings", nargs="*", help="further settings of nas search")
    parser.add_argument("--spaces", default="by_sensitivity,head_split,per_head", help="by comma")
    parser.add_argument("--arms", default=",".join(ARMS), help="by comma; differences are from the first")
    parser.add_argument("--seeds", type=int, default=8, help="studies of each, 2 or more")
    parser.add_argument("--trials", type=int, default=40, help="patterns that a study samples, 4 or more")
    options = parser.parse_args(words)
    arms, spaces = options.arms.split(","), options.spaces.split(",")
    if options.seeds < 2 or options.trials < 4:
        parser.error("--seeds must be 2 or more, --trials 4 or more")
    if unknown := set(arms) - set(ARMS):
        parser.error(f"--arms: must be some of {', '.join(ARMS)}, by comma, got {', '.join(sorted(unknown))}")
    tables: dict[str, CheckpointTable] = {}
    studies: dict[tuple[str, str], list[list[Moment]]] = {}
    for space in spaces:
        said = [f"checkpoint={options.checkpoint}", "tracking=none", "device=cpu", "workers=1"]
        settings = ["evaluation=checkpoint", *said, *options.settings, f"space={space}", f"num_trials={options.trials}"]
        (study,) = load_settings(settings)
        tables[space] = CheckpointTable(options.table, study)
        for arm in arms:
            seeds = range(options.seeds)
            studies[space, arm] = [replay(tables[space], replace(study, seed=seed), arm) for seed in seeds]
    beyond = reference(next(iter(studies.values()))[0])
    everything = [one.point for found in studies.values() for moments in found for one in moments if one.point]
    best, each = volume(everything, beyond) or 1.0, tables[spaces[-1]].pattern_seconds
    places = [options.trials * quarter // 4 for quarter in (1, 2, 3, 4)]
    for space in spaces:
        table, by_number, by_time = tables[space], {}, {}
        least = survey_seconds(table, surveyed=False)
        budgets = [least + (len(table.problem.baselines) + place) * each for place in places]
        for arm in arms:
            found, first = studies[space, arm], survey_seconds(table, surveyed=ARMS[arm].surveyed)
            reached = [[volume(after(one, place), beyond) for place in places] for one in found]
            in_time = [[volume(by(one, budget, first, each), beyond) for budget in budgets] for one in found]
            by_number[arm], by_time[arm] = np.array(reached) / best, np.array(in_time) / best
        print_table(f"{space}, patterns", [str(place) for place in places], by_number)
        print_table(f"{space}, CPU seconds", [f"{budget:.0f}" for budget in budgets], by_time)


if __name__ == "__main__":
    main()
