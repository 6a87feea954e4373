"""Jobs, a cohort to train to a rung or a pattern to profile, and the protocol of what runs them."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from msgspec import structs

from nas.evaluation.settings import EvaluationSettings
from nas.patterns.file import parse_pattern
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.results.measurement import Measurement, Outcome
from nas.results.profile import Profile, ProfileConditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What all jobs of a study have in common.

    Args:
        evaluation: how patterns are measured.
        checkpoint: the pretrained decoder; None where proxies are trained from scratch.
        tasks: settings of every task by its label.
        proxies: sizes of the proxy that learns each task, by label; a pretrained decoder has its own.
        training: how each proxy is trained.
        fingerprints: hashes of the data and the weights, as the driver has read them.
        longer_from: the first rung at which longer sequences are scored too, in optimiser steps.
    """

    evaluation: EvaluationSettings
    checkpoint: str | None
    tasks: Mapping[str, Any]
    proxies: Mapping[str, ProxySettings]
    training: TrainingSettings
    fingerprints: Mapping[str, str]
    longer_from: int = 0

    def conditions(self, task: str) -> str:
        """Hash of everything that decides a measurement of a pattern on a task, 16 hexadecimal digits.

        Its seed, learning rate and step are not part of it: a measurement has these itself.
        """
        decisive = {
            "evaluation": asdict(self.evaluation),
            "proxy": asdict(self.proxies[task]),
            "training": asdict(self.training),
            "data": {
                name: self.fingerprints[name] for name in (f"task {task}", "checkpoint") if name in self.fingerprints
            },
        }
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One cohort to train.

    Args:
        trials: number of each member's trial.
        folders: of each member's checkpoints; a member resumes from there.
        members: what to train, in the order of `trials`.
        task: label of the task that they learn.
        rung: where they stop, in optimiser steps.
        seed: seed of the members' weights and of the data they share.
        conditions: see `Setup.conditions`; its measurements carry it.
    """

    trials: tuple[int, ...]
    folders: tuple[Path, ...]
    members: tuple[Member, ...]
    task: str
    rung: int
    seed: int
    conditions: str

    @property
    def id(self) -> str:
        """Hash of what is trained, for which trials, and under which conditions, 16 hexadecimal digits."""
        members = [(one.pattern.id_in_order, one.seed, one.learning_rate) for one in self.members]
        return _digest(self.trials, members, self.task, self.rung, self.seed, self.conditions)

    def signed(self, measurements: Iterable[Measurement], environment: str = "") -> tuple[Measurement, ...]:
        """Measurements of the members, with what says that they are theirs."""
        return tuple(
            structs.replace(
                measurement,
                task=self.task,
                pattern_id=member.pattern.id_in_order,
                conditions=self.conditions,
                environment=environment,
            )
            for member, measurement in zip(self.members, measurements, strict=True)
        )

    def failed(self, outcome: Outcome, reason: str, failure: str) -> "JobResult":
        """Its result when there is none.

        Args:
            outcome: of every member.
            reason: why, as part of a sentence.
            failure: why, at length.
        """
        lost = (Measurement.unfinished(one.seed, one.learning_rate, self.rung, outcome, reason) for one in self.members)
        return JobResult(self, self.signed(lost), failure)

    def as_data(self) -> "Job":
        """The job for another machine: with whole paths, and patterns as their documents say.

        So no class of a user's module, which would have to be imported there, ever gets there.
        """
        members = tuple(replace(one, pattern=parse_pattern(one.pattern.to_dict())) for one in self.members)
        return replace(self, members=members, folders=tuple(folder.resolve() for folder in self.folders))

    def split(self) -> "list[Job]":
        """Every member as a job of its own."""
        return [
            replace(self, trials=(trial,), folders=(folder,), members=(member,))
            for trial, folder, member in zip(self.trials, self.folders, self.members, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class JobResult:
    """The result of a job.

    Args:
        job: what was run.
        measurements: one per member; none of them is finished if the job failed.
        failure: why the job failed as a whole: the end of a traceback, or how its worker died; empty if it did not
            fail. Any one of its members can be the cause.
    """

    job: Job
    measurements: tuple[Measurement, ...]
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileJob:
    """One pattern to measure on the device, before it is trained.

    Args:
        trial: its number.
        pattern: what is measured.
        conditions: what it is measured under.
    """

    trial: int
    pattern: ModelPattern
    conditions: ProfileConditions

    @property
    def id(self) -> str:
        """Hash of what is measured, for which trial, and under which conditions, 16 hexadecimal digits."""
        return _digest(self.trial, self.pattern.id_in_order, self.conditions)

    def failed(self, outcome: Outcome, reason: str, failure: str) -> "ProfileResult":
        """Its result when there is none; see `Job.failed`."""
        return ProfileResult(self, None, outcome, reason, failure)


@dataclass(frozen=True, slots=True)
class ProfileResult:
    """The result of a profile job.

    Args:
        job: what was run.
        profile: what was measured; None unless finished.
        outcome: how it ended.
        reason: why it did not finish, as part of a sentence; empty where the outcome says it all.
        failure: why it failed, at length; empty if it did not.
    """

    job: ProfileJob
    profile: Profile | None
    outcome: Outcome = Outcome.FINISHED
    reason: str = ""
    failure: str = ""


class Executor(Protocol):
    """Where jobs run. The driver submits some, then takes results one by one, each with the job that it is of."""

    def submit(self, job: Job | ProfileJob) -> None:
        """Queue a job."""
        ...

    def next_result(self, on_progress: "OnProgress") -> JobResult | ProfileResult:
        """Wait for any submitted job to finish, reporting the progress of all of them in this thread."""
        ...

    def close(self) -> None:
        """Stop at once, whatever is running."""
        ...


OnProgress = Callable[[int, str, int, int], None]
"""Called with (trial number, task, step, number of steps)."""


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
