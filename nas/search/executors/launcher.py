"""Launches of trials to a rung: what the storage does not have yet is submitted to the executor and waited for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nas.proxy.state.cohort_state import Member
from nas.results.measurement import Measurement
from nas.results.observer import Progress
from nas.results.trial import Trial
from nas.search.executors.jobs import Executor, Job
from nas.search.storage.protocol import StudyStorage


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Trials that train to a rung as one cohort, on every task.

    Args:
        trials: their numbers.
        rung: where they stop, in optimiser steps.
        seed: of their weights and data.
        jobs: what had to be submitted for it.
    """

    trials: tuple[int, ...]
    rung: int
    seed: int
    jobs: tuple[Job, ...]


class Launcher:
    """Has trials trained, unless their results are in the storage.

    Args:
        storage: where results are kept.
        executor: where jobs run.
        tasks: labels of the tasks.
        learning_rate: peak of every member's schedule.
        on_progress: called with the progress of training runs.
    """

    def __init__(
        self,
        storage: StudyStorage,
        executor: Executor,
        tasks: Sequence[str],
        learning_rate: float,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._storage, self._executor, self._tasks = storage, executor, tuple(tasks)
        self._learning_rate, self._on_progress = learning_rate, on_progress
        self._running: set[Job] = set()

    def launch(self, trials: Sequence[Trial], rung: int, seed: int) -> Launch:
        """Submit a job for every task of which the storage lacks a measurement; a cohort is always trained whole."""
        numbers = tuple(trial.number for trial in trials)
        jobs = tuple(
            self._job(trials, task, rung, seed)
            for task in self._tasks
            if not all(self._storage.read_measurement(number, seed, task, rung) for number in numbers)
        )
        for job in jobs:
            self._running.add(job)
            self._executor.submit(job)
        return Launch(trials=numbers, rung=rung, seed=seed, jobs=jobs)

    def wait(self, launch: Launch) -> Mapping[int, list[Measurement]]:
        """Its measurements, by trial in the order of the tasks; results of other launches are kept as they come."""
        while not self._running.isdisjoint(launch.jobs):
            result = self._executor.next_result(lambda *progress: self._on_progress(Progress(*progress)))
            for number, measurement in zip(result.job.trials, result.measurements, strict=True):
                self._storage.write_measurement(number, measurement)
            self._running.discard(result.job)
        return {number: self._measurements(number, launch) for number in launch.trials}

    def _measurements(self, number: int, launch: Launch) -> list[Measurement]:
        read = [self._storage.read_measurement(number, launch.seed, task, launch.rung) for task in self._tasks]
        found = [measurement for measurement in read if measurement is not None]
        assert len(found) == len(self._tasks)
        return found

    def _job(self, trials: Sequence[Trial], task: str, rung: int, seed: int) -> Job:
        return Job(
            trials=tuple(trial.number for trial in trials),
            folders=tuple(self._storage.trial_path(trial.number) for trial in trials),
            members=tuple(
                Member(pattern=trial.pattern, seed=seed, learning_rate=self._learning_rate)
                for trial in trials
                if trial.pattern is not None
            ),
            task=task,
            rung=rung,
            seed=seed,
        )
