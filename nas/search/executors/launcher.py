"""Launches of trials: what the storage does not have yet is submitted to the executor and waited for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nas.errors import StudyError
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.results.measurement import Measurement
from nas.results.observer import Progress
from nas.results.profile import Profile, ProfileConditions
from nas.results.trial import Trial
from nas.search.executors.jobs import Executor, Job, JobResult, ProfileJob, ProfileResult
from nas.search.storage.protocol import StudyStorage


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Trials that train to a rung as one cohort, on every task.

    Args:
        trials: as they were when they were launched.
        rung: where they stop, in optimiser steps.
        seed: of their weights and data.
        jobs: what had to be submitted for it.
    """

    trials: tuple[Trial, ...]
    rung: int
    seed: int
    jobs: tuple[Job, ...]


class Launcher:
    """Has trials trained, unless their results are in the storage.

    Args:
        storage: where results are kept.
        executor: where jobs run.
        conditions: what measurements must have been made under, by the label of the task; see `Setup.conditions`.
        learning_rate: peak of every member's schedule.
        on_progress: called with the progress of training runs.
        profiling: what profiles are made under; None where the study measures nothing on the device.
        form: what is trained for the pattern of a trial; another one than the pattern itself in a larger model.
    """

    def __init__(
        self,
        storage: StudyStorage,
        executor: Executor,
        conditions: Mapping[str, str],
        learning_rate: float,
        on_progress: Callable[[Progress], None],
        profiling: ProfileConditions | None = None,
        form: Callable[[ModelPattern], ModelPattern] = lambda pattern: pattern,
    ) -> None:
        self._storage, self._executor, self._conditions = storage, executor, conditions
        self._learning_rate, self._on_progress = learning_rate, on_progress
        self._profiling, self._profiled_under = profiling, profiling
        self._form = form
        self._running: dict[str, Job] = {}
        """The launched job that every submitted job is, or is a part of, by the id of the latter."""

    def launch(self, trials: Sequence[Trial], rung: int, seed: int) -> Launch:
        """Submit a job for every task of which the storage lacks a measurement; a cohort is always trained whole."""
        jobs = tuple(
            self._job(trials, task, rung, seed)
            for task in self._conditions
            if not all(self._read(trial, seed, task, rung) for trial in trials)
        )
        for job in jobs:
            self._submit(job, job)
        return Launch(trials=tuple(trials), rung=rung, seed=seed, jobs=jobs)

    def wait(self, launch: Launch) -> Mapping[int, list[Measurement]]:
        """Its measurements, by trial in the order of the tasks; results of other launches are kept as they come."""
        while any(job in launch.jobs for job in self._running.values()):
            result = self._next_result()
            assert isinstance(result, JobResult), "a profile is waited for as soon as it is submitted"
            self._keep(result)
        return {trial.number: self._measurements(trial, launch) for trial in launch.trials}

    def profile(self, trial: Trial) -> Profile | ProfileResult:
        """What a trial takes on the device, measured by the first free worker; why not, if that fails.

        Whatever else ends meanwhile is kept.

        Raises:
            StudyError: the stored one is of another pattern; or it must be measured now, and the study's others were
                measured under other conditions.
        """
        assert trial.pattern is not None and self._profiling is not None
        stored = self._storage.read_profile(trial.number)
        folder = self._storage.trial_path(trial.number)
        if stored is not None:
            if stored.pattern_id != trial.pattern.id:
                raise StudyError(
                    f"{folder}: profile.json must be of the pattern {trial.pattern.id} of this trial, got "
                    f"{stored.pattern_id}. Delete it, and run the same nas search again, which makes it anew."
                )
            self._profiled_under = stored.conditions
            return stored
        if self._profiled_under is not None and (others := self._profiled_under.differences(self._profiling)):
            raise StudyError(
                f"{folder}: must be measured as the trials before it were, which is not possible here "
                f"({'; '.join(others)}). Resume the study as it was started, or choose another study=NAME."
            )
        self._executor.submit(ProfileJob(trial=trial.number, pattern=trial.pattern, conditions=self._profiling))
        while isinstance(result := self._next_result(), JobResult):
            self._keep(result)
        if result.profile is None:
            self._storage.write_failure(trial.number, result.failure)
            return result
        self._storage.write_profile(trial.number, result.profile)
        return result.profile

    def _next_result(self) -> JobResult | ProfileResult:
        return self._executor.next_result(lambda *progress: self._on_progress(Progress(*progress)))

    def _submit(self, job: Job, launched: Job) -> None:
        self._running[job.id] = launched
        self._executor.submit(job)

    def _keep(self, result: JobResult) -> None:
        """Write down a result; a cohort that failed is tried again one by one, to find the member that makes it.

        A result that was not asked for, such as a second one of a worker that was given up, is dropped.
        """
        launched = self._running.pop(result.job.id, None)
        if launched is None:
            return
        if result.failure and len(result.job.trials) > 1:
            for part in result.job.split():
                self._submit(part, launched)
            return
        for number, measurement in zip(result.job.trials, result.measurements, strict=True):
            if result.failure:
                self._storage.write_failure(number, result.failure)
            self._storage.write_measurement(number, measurement)

    def _measurements(self, trial: Trial, launch: Launch) -> list[Measurement]:
        read = [self._read(trial, launch.seed, task, launch.rung) for task in self._conditions]
        found = [measurement for measurement in read if measurement is not None]
        assert len(found) == len(self._conditions)
        return found

    def _read(self, trial: Trial, seed: int, task: str, rung: int) -> Measurement | None:
        """A measurement of the storage, which must be of this very trial.

        Raises:
            StudyError: it is of another pattern, or was made under other settings or on other data.
        """
        found = self._storage.read_measurement(trial.number, seed, task, rung)
        assert trial.trained_pattern is not None
        if found is not None and not found.pattern_id:
            raise StudyError(
                f"{self._storage.trial_path(trial.number)}: was measured by an older nas, which did not record what it "
                "measured, so it cannot be checked. Choose another study=NAME."
            )
        wanted = {
            "task": task,
            "pattern_id": self._form(trial.trained_pattern).id_in_order,
            "learning_rate": self._learning_rate,
            "conditions": self._conditions[task],
        }
        for name, value in wanted.items() if found else ():
            if (came := getattr(found, name)) != value:
                raise StudyError(
                    f"{self._storage.trial_path(trial.number)}: the measurement on {task} with seed {seed} at step "
                    f"{rung} must have the {name} {value!r} of this trial, got {came!r}: it is of another "
                    "trial, or was made under other settings or on other data. Delete its file, and run the same nas "
                    "search again, which makes it anew."
                )
        return found

    def _job(self, trials: Sequence[Trial], task: str, rung: int, seed: int) -> Job:
        return Job(
            trials=tuple(trial.number for trial in trials),
            folders=tuple(self._storage.trial_path(trial.number) for trial in trials),
            members=tuple(
                Member(pattern=self._form(pattern), seed=seed, learning_rate=self._learning_rate)
                for trial in trials
                if (pattern := trial.trained_pattern)
            ),
            task=task,
            rung=rung,
            seed=seed,
            conditions=self._conditions[task],
        )
