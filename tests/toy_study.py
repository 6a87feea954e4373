"""A study without training: quality is a function of the pattern and the seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from nas.evaluation.measurement import CurvePoint, Measurement, Outcome
from nas.proxy.member import Member
from nas.search.jobs import Job, JobResult, OnProgress
from nas.space.space import Shape
from nas.tasks.task import Batch, Metric


class SilentTask:
    """A task that is only asked what it is."""

    name = "silent"
    num_tokens = 64
    vocab_size = 16
    causal = True
    metric = Metric("bits per byte", "bits per byte", "minimize")
    fingerprint = "00"
    corpus_fingerprint = "11"
    chance = 4.0

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        raise AssertionError("nothing is trained here")

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        raise AssertionError("nothing is trained here")

    def quality(self, loss: float, accuracy: float) -> float:
        return loss


SHAPE = Shape(num_layers=2, num_heads=4, num_tokens=64, causal=True)


def pretended(member: Member) -> Measurement:
    """Quality falls with the pairs a pattern sees, with a little noise from the seed."""
    pattern = member.pattern
    density = sum(float(pattern.mask(layer, 64).float().mean()) for layer in range(pattern.num_layers))
    noise = random.Random(f"{pattern.id}{member.seed}").gauss(0, 0.02)
    quality = 3.0 - density + noise
    return Measurement(
        seed=member.seed,
        learning_rate=member.learning_rate,
        outcome=Outcome.FINISHED,
        quality=quality,
        curve=(CurvePoint(10, quality, quality),),
        wall_seconds=random.random(),
    )


class Stop(BaseException):
    """The process dies here."""


@dataclass
class FakeExecutor:
    """Trains nothing, in any order of ending.

    Args:
        shuffle: which of the submitted jobs ends next.
        stop_after: dies when this many results were taken.
        measure: what a training shows.
    """

    shuffle: random.Random = field(default_factory=lambda: random.Random(0))
    stop_after: int | None = None
    measure: Callable[[Member], Measurement] = pretended
    queue: list[Job] = field(default_factory=list)
    trained: list[tuple[int, int]] = field(default_factory=list)

    def submit(self, job: Job) -> None:
        self.queue.append(job)

    def next_result(self, on_progress: OnProgress) -> JobResult:
        if self.stop_after is not None and len(self.trained) >= self.stop_after:
            raise Stop
        job = self.queue.pop(self.shuffle.randrange(len(self.queue)))
        on_progress(job.trials[0], 5, 10, None)
        self.trained += [(trial, member.seed) for trial, member in zip(job.trials, job.members, strict=True)]
        return JobResult(job, tuple(self.measure(member) for member in job.members))

    def close(self) -> None:
        self.queue.clear()


StartStudy = Callable[..., dict[str, Any]]
