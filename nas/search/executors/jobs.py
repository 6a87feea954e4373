"""A job: train these members to a rung, from where they stand."""

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
        checkpoint: the pretrained decoder; None for none.
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
        folders: where each member's checkpoints lie; a member goes on from there.
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
    """What came of a job: one measurement a member."""

    job: Job
    measurements: tuple[Measurement, ...]


class Executor(Protocol):
    """Where jobs run. The driver submits some, then takes results one by one."""

    def submit(self, job: Job) -> None:
        """Queue a job."""
        ...

    def next_result(self, on_progress: "OnProgress") -> JobResult:
        """Wait for any submitted job to finish; progress of all is told meanwhile, in this thread."""
        ...

    def close(self) -> None:
        """Stop at once, whatever is under way."""
        ...


OnProgress = Callable[[int, str, int, int], None]
"""Called with (trial number, task, step, number of steps)."""
