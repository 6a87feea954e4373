"""How many workers a driver keeps busy, on this machine's processes and on Ray, with jobs that only sleep.

    python benchmarks/scaling.py                                  # 1 and 4 workers, about a minute
    python benchmarks/scaling.py --workers 1 2 4 8 16 32 64 --jobs 10   # as in docs/scaling.md

Workers are real processes that sleep instead of training, and have started before the clock does. `busy` is the share
of their time that they spend in jobs. CPU times are those of the driver alone, without Ray's own processes.
"""

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sleeping import sleep

from nas.evaluation.settings import ScratchSettings
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.search.executor_settings import RaySettings
from nas.search.executors.jobs import Executor, Job, JobResult, Setup
from nas.search.executors.processes import ProcessExecutor
from nas.space.baselines import BASELINES
from nas.space.space import Shape

EXECUTORS = ("local", "ray")
SETUP = Setup(
    evaluation=ScratchSettings(),
    checkpoint=None,
    tasks={},
    proxies={"sleep": ProxySettings()},
    training=TrainingSettings(),
    fingerprints={},
)
PATTERN = BASELINES["longformer"](Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True))


@dataclass(frozen=True)
class Load:
    """What the workers and the driver did.

    Args:
        num_jobs: that were run.
        wall_s: from the first to the last, in seconds.
        slept_s: in all workers, in seconds.
        cpu_s: CPU time of the driver, in seconds.
        memory_mib: most memory of the driver so far, in MiB.
    """

    num_jobs: int
    wall_s: float
    slept_s: float
    cpu_s: float
    memory_mib: float


def job(number: int, milliseconds: int, folder: Path) -> Job:
    return Job(
        trials=(number,),
        folders=(folder / str(number),),
        members=(Member(pattern=PATTERN, seed=0, learning_rate=1e-3),),
        task="sleep",
        rung=milliseconds,
        seed=0,
        conditions="0123456789abcdef",
    )


@contextmanager
def started(executor: str, num_workers: int, folder: Path) -> Iterator[Executor]:
    """An executor all of whose workers have run a job."""
    devices = ["cpu"] * num_workers
    made: Executor
    if executor == "ray":
        from nas.search.executors.ray_executor import RayExecutor  # not at the top, which every process imports again

        made = RayExecutor(SETUP, devices, RaySettings(), 600.0, folder, sleep)
    else:
        made = ProcessExecutor(SETUP, devices, 1, 600.0, sleep)
    try:
        warm(made, num_workers, folder)
        yield made
    finally:
        made.close()


def warm(executor: Executor, num_workers: int, folder: Path) -> None:
    """Run short jobs until every worker has run one."""
    seen: set[str] = set()
    while len(seen) < num_workers:
        run(executor, num_workers, num_workers, 300, folder, seen)


def run(
    executor: Executor, num_jobs: int, num_at_once: int, milliseconds: int, folder: Path, seen: set[str] | None = None
) -> Load:
    """Run jobs as a driver does: one for each worker, and another whenever one has ended.

    Args:
        executor: runs them.
        num_jobs: in all.
        num_at_once: that are submitted before one has ended.
        milliseconds: that each takes.
        folder: of their trials.
        seen: is given the worker of each.
    """
    since, cpu = time.perf_counter(), time.process_time()
    for number in range(num_jobs + num_at_once):
        if number >= num_at_once:
            result = executor.next_result(lambda *_: None)
            assert isinstance(result, JobResult)
            if seen is not None:
                seen.add(result.measurements[0].environment)
        if number < num_jobs:
            executor.submit(job(number, milliseconds, folder))
    return Load(
        num_jobs=num_jobs,
        wall_s=time.perf_counter() - since,
        slept_s=num_jobs * milliseconds / 1000,
        cpu_s=time.process_time() - cpu,
        memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def row(executor: str, num_workers: int, load: Load) -> str:
    """A row of the table."""
    per_hour = 3600 * load.num_jobs / load.wall_s
    busy = load.slept_s / load.wall_s / num_workers
    cpu = 1000 * load.cpu_s / load.num_jobs
    return f"| {executor} | {num_workers} | {per_hour:,.0f} | {busy:.0%} | {cpu:.1f} | {load.memory_mib:.0f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 4])
    parser.add_argument("--executors", nargs="+", default=EXECUTORS, choices=EXECUTORS)
    parser.add_argument("--jobs", type=int, default=4, help="for each worker")
    parser.add_argument("--milliseconds", type=int, default=1000, help="that a job takes")
    options = parser.parse_args()
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(
        "| executor | workers | jobs an hour | busy | driver, CPU ms a job | driver, MiB |\n|---|---|---|---|---|---|"
    )
    for executor in options.executors:
        for num_workers in options.workers:
            with tempfile.TemporaryDirectory() as name, started(executor, num_workers, Path(name)) as made:
                load = run(made, options.jobs * num_workers, num_workers, options.milliseconds, Path(name))
                print(row(executor, num_workers, load), flush=True)


if __name__ == "__main__":
    main()
