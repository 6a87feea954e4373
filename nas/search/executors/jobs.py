"""A job, one cohort to train to a rung, and the protocol of what runs it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nas.evaluation.settings import EvaluationSettings
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import Member
from nas.results.measurement import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What all jobs of a study have in common.

    Args:
        evaluation: how patterns are measured.
        checkpoint: the pretrained decoder; None where proxies are trained from scratch.
        tasks: settings of every task by its label.
        proxy: sizes of the proxy.
        training: how each proxy is trained.
    """

    evaluation: EvaluationSettings
    checkpoint: str | None
    tasks: Mapping[str, Any]
    proxy: ProxySettings
    training: TrainingSettings


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
    """

    trials: tuple[int, ...]
    folders: tuple[Path, ...]
    members: tuple[Member, ...]
    task: str
    rung: int
    seed: int


@dataclass(frozen=True, slots=True)
class JobResult:
    """The result of a job: one measurement per member."""

    job: Job
    measurements: tuple[Measurement, ...]


class Executor(Protocol):
    """Where jobs run. The driver submits some, then takes results one by one."""

    def submit(self, job: Job) -> None:
        """Queue a job."""
        ...

    def next_result(self, on_progress: "OnProgress") -> JobResult:
        """Wait for any submitted job to finish, reporting the progress of all of them in this thread."""
        ...

    def close(self) -> None:
        """Stop at once, whatever is running."""
        ...


OnProgress = Callable[[int, str, int, int], None]
"""Called with (trial number, task, step, number of steps)."""
