"""A tiny table: four patterns of one layer, two rungs, two seeds; trained for real, or by an executor that pretends."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nas.ground_truth import build as build_module
from nas.ground_truth.build import build_table
from nas.ground_truth.file import Table
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.results.codec import to_document
from nas.results.measurement import Measurement, Outcome
from nas.search.executors.jobs import Job, JobResult, OnProgress
from nas.search.settings import SpaceSettings, StudySettings
from nas.tasks.synthetic.recall import RecallSettings

RATES = (1e-3, 1e-2)
NUM_ROWS = 4 * 2 + 4 * 2 * 2
"""Sweeps: four patterns, two rates. Runs: four patterns, two seeds, two rungs."""


def tiny_settings(**changes: Any) -> StudySettings:
    """Windows of 2 and of 4 keys, each with and without a sink: two patterns in band 0, one in each of the others."""
    values: dict[str, Any] = {
        "space": SpaceSettings(
            attribute="search_spaces.streaming:Streaming", options={"num_sinks": [0, 1], "window_tokens": [2, 4]}
        ),
        "task": RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=16),
        "proxy": ProxySettings(num_layers=1, num_heads=2, d_model=8, mlp_ratio=2, token_shift=True),
        "training": TrainingSettings(num_steps=8, num_rungs=2, batch_size=4, warmup_steps=2),
        "device": "cpu",
        "workers": 1,
        "cohort_size": 1,
    }
    return StudySettings(**values | changes)


def pretended(member: Member, job: Job) -> Measurement:
    """Recall's quality is to be maximised: it rises with the steps, and 1e-2 is the better rate for narrow windows."""
    narrow = getattr(member.pattern.layers[0].heads[0].attend[0], "before", 0) == 1
    own = random.Random(member.pattern.id).gauss(0, 0.01)
    noise = random.Random(f"{member.pattern.id}{member.seed}{job.rung}").gauss(0, 0.01)
    quality = job.rung / 20 + (0.2 if narrow == (member.learning_rate == 1e-2) else 0.0) + own + noise
    return Measurement(
        seed=member.seed,
        learning_rate=member.learning_rate,
        step=job.rung,
        outcome=Outcome.FINISHED,
        quality=quality,
        train_loss=1.0,
        wall_seconds=float(job.rung),
        task=job.task,
        longer=(),
    )


class Stop(BaseException):
    """The process dies here."""


@dataclass
class FakeExecutor:
    """Trains nothing, in any order of ending.

    Args:
        measure: the measurement of a run.
        shuffle: which of the submitted jobs ends next.
    """

    measure: Callable[[Member, Job], Measurement] = pretended
    shuffle: random.Random = field(default_factory=lambda: random.Random(0))
    queue: list[Job] = field(default_factory=list)
    done: list[Job] = field(default_factory=list)
    closed: int = 0

    def submit(self, job: Job) -> None:
        self.queue.append(job)

    def next_result(self, on_progress: OnProgress) -> JobResult:
        job = self.queue.pop(self.shuffle.randrange(len(self.queue)))
        self.done.append(job)
        return JobResult(job, job.signed(self.measure(member, job) for member in job.members))

    def close(self) -> None:
        self.queue.clear()
        self.closed += 1


Build = Callable[..., Table]


def without_times(table: Table) -> list[dict[str, Any]]:
    """The rows in order, without the time that they took."""
    rows = [to_document(row) for row in table.rows]
    return sorted(({key: value for key, value in row.items() if key != "wall_seconds"} for row in rows), key=str)


def pretend_table(path: Path, seeds: int = 2, **changes: Any) -> None:
    """Write the file of a whole table in which nothing was trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build_module, "make_executor", lambda settings, setup, devices, folder: FakeExecutor())
        build_table(tiny_settings(**changes), seeds, RATES, path)
