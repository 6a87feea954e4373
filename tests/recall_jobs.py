"""Jobs of a small study over two recall tasks."""

from pathlib import Path

from msgspec import structs

from nas.evaluation.settings import ScratchSettings
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.results.measurement import Measurement
from nas.search.executors.jobs import Executor, Job, JobResult, Setup
from nas.search_spaces.hybrid import Hybrid
from nas.space.baselines import BASELINES
from nas.space.space import Shape
from nas.tasks.synthetic.recall import RecallSettings

RUNG = 3
SETUP = Setup(
    evaluation=ScratchSettings(),
    checkpoint=None,
    tasks={
        "recall": RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=8),
        "recall2": RecallSettings(num_tokens=24, vocab_size=12, num_pairs=2, validation_sequences=8),
    },
    proxies=dict.fromkeys(("recall", "recall2"), ProxySettings(num_layers=1, num_heads=2, d_model=16)),
    training=TrainingSettings(num_steps=6, num_rungs=2, batch_size=4),
    fingerprints={},
)
SHAPE = Shape(num_layers=1, num_heads=2, num_tokens=16, causal=True)


def jobs(folder: Path) -> list[Job]:
    members = [Member(pattern=BASELINES[name](SHAPE), seed=1, learning_rate=1e-3) for name in Hybrid.baselines]
    cohorts = [(0, 1), (2,), (3, 4, 5)]
    return [
        Job(
            trials=numbers,
            folders=tuple(folder / str(number) for number in numbers),
            members=tuple(members[number] for number in numbers),
            task=task,
            rung=RUNG,
            seed=1,
            conditions="0123456789abcdef",
        )
        for task in SETUP.tasks
        for numbers in cohorts
    ]


Run = tuple[int, str]
"""A trial's number and a task."""


def run(executor: Executor, folder: Path) -> tuple[dict[Run, Measurement], set[Run]]:
    """Measurements without their times, and the runs whose progress was reported."""
    results: dict[Run, Measurement] = {}
    reported: set[Run] = set()
    for job in jobs(folder):
        executor.submit(job)
    for _ in jobs(folder):
        result = executor.next_result(lambda trial, task, *_: reported.add((trial, task)))
        assert isinstance(result, JobResult)
        for number, measurement in zip(result.job.trials, result.measurements, strict=True):
            assert (measurement.task, measurement.step) == (result.job.task, RUNG)
            results[number, measurement.task] = structs.replace(measurement, wall_seconds=0.0)
    executor.close()
    return results, reported
