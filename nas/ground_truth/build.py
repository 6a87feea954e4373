"""Building a table: every pattern and seed is trained from rung to rung, a few of them at a time."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from shutil import rmtree
from typing import TypeVar

import torch

from nas.costs.target import Target
from nas.errors import InputError, StudyError
from nas.ground_truth.plan import Plan
from nas.ground_truth.planning import make_header, make_plan
from nas.ground_truth.row_store import OnProgress, RowStore
from nas.ground_truth.writer import TableWriter, this_session
from nas.proxy.member import Member
from nas.results.measurement import Outcome
from nas.results.table import Key, TableEntry, TableRow
from nas.search.devices import choose_cohort_size, choose_devices
from nas.search.executors.choose import make_executor, make_setup
from nas.search.executors.jobs import Executor, Job, JobResult, Setup
from nas.search.problem.problem import Problem, make_problem
from nas.search.settings import FidelitySettings, StudySettings

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """Members that are trained from rung to rung together."""

    entries: tuple[TableEntry, ...]
    learning_rates: tuple[float, ...]
    seed: int
    rungs: tuple[int, ...]
    sweep: bool

    def keys(self, rung: int) -> list[Key]:
        """The keys of the members' rows at a rung."""
        return [
            (entry.pattern.id, self.seed, rate, rung, self.sweep)
            for entry, rate in zip(self.entries, self.learning_rates, strict=True)
        ]

    def only(self, places: Sequence[int]) -> "_Walk":
        """The same walk with only some of its members."""
        return replace(
            self,
            entries=tuple(self.entries[place] for place in places),
            learning_rates=tuple(self.learning_rates[place] for place in places),
        )


def build_table(
    settings: StudySettings,
    num_seeds: int,
    learning_rates: Sequence[float],
    path: Path,
    on_progress: OnProgress = lambda progress: None,
    num_patterns: int | None = None,
) -> None:
    """Train the rows that a table lacks; a build that was stopped resumes where it was.

    First the learning rates are compared in every density band, then every pattern is trained with the best of its
    band and every seed, the first seed of all patterns before the second.

    Args:
        settings: space, task, proxy, training, seed and where to train.
        num_seeds: seeds per pattern; more than the file was started with extend the table.
        learning_rates: the learning rates to compare.
        path: the table's file; checkpoints are kept next to it while it is built.
        on_progress: called at the start, as training goes on, and with every new row.
        num_patterns: patterns of the space to train besides its baselines; None for the whole space alone.

    Raises:
        InputError: a setting is wrong, or the file is not a table.
        StudyError: the file holds another table or is being built, or memory ran out.
    """
    _check_used(settings)
    settings = replace(
        settings, fidelity=FidelitySettings(num_patterns=0)
    )  # a table has no ranking of its own to check
    problem = make_problem(settings)
    plan = make_plan(settings, problem, num_seeds, learning_rates, num_patterns)
    devices = choose_devices(settings)
    session = this_session(device=_device_name(devices[0]), workers=len(devices))
    with TableWriter(path, make_header(settings, problem.task, plan), session) as writer:
        store = RowStore(plan, settings.training, path, writer, on_progress, problem.task.metric.unit)
        if store.is_whole:
            store.clean()
            return
        # A table has every length at every rung: who replays it may ask for any.
        setup = replace(make_setup(settings, problem), longer_from=0)
        with closing(make_executor(settings, setup, devices, path.parent)) as executor:
            builder = _Builder(plan, problem, store, executor, setup, num_lanes=len(devices))
            size = choose_cohort_size(settings, devices)
            builder.walk(list(_sweeps(plan, size)))
            builder.check_whole("learning rates cannot be chosen without them")
            rates = store.best_rates(problem.task.metric.direction)
            for seed in plan.seeds:
                builder.walk(list(_runs(plan, seed, rates, size)))
            builder.check_whole("all others are in the table")
        store.clean()


class _Builder:
    """Submits walks to an executor, and adds their results to the row store."""

    def __init__(
        self, plan: Plan, problem: Problem, store: RowStore, executor: Executor, setup: Setup, num_lanes: int
    ) -> None:
        self._plan, self._store, self._executor = plan, store, executor
        self._task, self._num_lanes = next(iter(problem.tasks)), num_lanes
        self._conditions = setup.conditions(self._task)
        self._num_lost, self._last_reason = 0, ""
        self._numbers = count()
        self._training: dict[int, Key] = {}

    def walk(self, walks: Sequence[_Walk]) -> None:
        """Complete all walks; one that has started is completed before another starts."""
        waiting = deque(walk for walk in walks if self._next_rung(walk) is not None)
        running: dict[Job, _Walk] = {}
        while waiting or running:
            while waiting and len(running) < self._num_lanes:
                self._submit(waiting.popleft(), running)
            result = self._executor.next_result(self._progressed)
            assert isinstance(result, JobResult), "a table has no profiles"
            walk = running.pop(result.job)
            for number in result.job.trials:
                self._store.forget(self._training.pop(number))
            kept = []
            for place, (entry, measurement) in enumerate(zip(walk.entries, result.measurements, strict=True)):
                # Failing or running out of memory is no result: the same command trains it again.
                if measurement.outcome in (Outcome.OUT_OF_MEMORY, Outcome.FAILED):
                    self._last_reason = measurement.reason or "out of memory"
                else:
                    self._store.add(TableRow.of(entry.pattern.id, measurement, sweep=walk.sweep))
                    kept.append(place)
            self._num_lost += len(walk.entries) - len(kept)
            remaining = walk.only(kept)
            if kept and self._next_rung(remaining) is not None:
                self._submit(remaining, running)
            else:
                for folder in self._folders(walk):
                    rmtree(folder, ignore_errors=True)

    def check_whole(self, consequence: str) -> None:
        """Stop if training runs were lost.

        Raises:
            StudyError: some failed or ran out of memory.
        """
        if self._num_lost:
            raise StudyError(
                f"{self._store.path}: {self._num_lost} training runs failed, the last because: {self._last_reason}; "
                f"{consequence}. If memory ran out, use fewer workers or a smaller cohort_size. The same command tries "
                "them again."
            )

    def _next_rung(self, walk: _Walk) -> int | None:
        for rung in walk.rungs:
            if any(key not in self._store for key in walk.keys(rung)):
                return rung
        return None

    def _submit(self, walk: _Walk, running: dict[Job, _Walk]) -> None:
        rung = self._next_rung(walk)
        assert rung is not None
        members = tuple(
            Member(pattern=entry.pattern, seed=walk.seed, learning_rate=rate)
            for entry, rate in zip(walk.entries, walk.learning_rates, strict=True)
        )
        runs = {next(self._numbers): key for key in walk.keys(rung)}
        self._training |= runs
        job = Job(
            trials=tuple(runs),
            folders=tuple(self._folders(walk)),
            members=members,
            task=self._task,
            rung=rung,
            seed=walk.seed,
            conditions=self._conditions,
        )
        running[job] = walk
        self._executor.submit(job)

    def _progressed(self, number: int, task: str, step: int, num_steps: int) -> None:
        key = self._training[number]
        if key not in self._store:
            self._store.progressed(key, step)

    def _folders(self, walk: _Walk) -> list[Path]:
        return [self._store.folder(key) for key in walk.keys(walk.rungs[0])]


def _check_used(settings: StudySettings) -> None:
    """Refuse settings that a table does not use."""
    if settings.evaluation.name != "scratch":
        raise InputError("evaluation", "must be scratch: a table holds training runs", settings.evaluation.name)
    if settings.executor.name != "local":
        raise InputError("executor", "must be local: a table is built on one machine", settings.executor.name)
    if settings.extra_tasks:
        raise InputError(
            "extra_tasks", "must be empty: a table holds one task", [task.name for task in settings.extra_tasks]
        )
    if isinstance(settings.target, Target):
        raise InputError("target", "must be proxy: bands are those of the trained model", settings.target.name)


def _sweeps(plan: Plan, size: int) -> Iterator[_Walk]:
    pairs = [(entry, rate) for band in plan.bands for entry in plan.swept(band) for rate in plan.learning_rates]
    # Each member of a cohort has its own folder, so a pattern may occur twice with two rates.
    for part in _parts(pairs, size):
        yield _Walk(
            entries=tuple(entry for entry, _ in part),
            learning_rates=tuple(rate for _, rate in part),
            seed=plan.seeds[0],
            rungs=(plan.sweep_rung,),
            sweep=True,
        )


def _runs(plan: Plan, seed: int, rates: Mapping[int, float], size: int) -> Iterator[_Walk]:
    for part in _parts(plan.entries, size):
        yield _Walk(
            entries=tuple(part),
            learning_rates=tuple(rates[entry.band] for entry in part),
            seed=seed,
            rungs=plan.rungs,
            sweep=False,
        )


def _parts(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _device_name(device: str) -> str:
    return device if device == "cpu" else torch.cuda.get_device_name(device)
