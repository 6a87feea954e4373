"""Workers that train nothing: the task of a job says what becomes of it."""

import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nas.errors import StudyError
from nas.evaluation.settings import ScratchSettings
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.results.measurement import Measurement, Outcome
from nas.results.profile import Profile
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob, ProfileResult, Setup
from nas.search.executors.worker_process import serve
from nas.search_spaces.hybrid import Hybrid
from nas.space.baselines import BASELINES
from nas.space.space import Shape

SETUP = Setup(
    evaluation=ScratchSettings(),
    checkpoint=None,
    tasks={},
    proxies={"train": ProxySettings(num_layers=1, num_heads=2, d_model=16)},
    training=TrainingSettings(num_steps=6, num_rungs=2, batch_size=4),
    fingerprints={},
)
SHAPE = Shape(num_layers=1, num_heads=2, num_tokens=16, causal=True)
RUNG = 3


def a_job(folder: Path, task: str = "train", *, trials: tuple[int, ...] = (0,), seed: int = 1) -> Job:
    names = Hybrid.baselines
    return Job(
        trials=trials,
        folders=tuple(folder / str(number) for number in trials),
        members=tuple(
            Member(pattern=BASELINES[names[number % len(names)]](SHAPE), seed=seed, learning_rate=1e-3)
            for number in trials
        ),
        task=task,
        rung=RUNG,
        seed=seed,
        conditions=SETUP.conditions("train"),
    )


class Pretender:
    """Does what the task of a job says; everything else ends well."""

    def run(self, job: Job | ProfileJob, on_progress: OnProgress) -> JobResult | ProfileResult:
        if isinstance(job, ProfileJob):
            return ProfileResult(job, pretended_profile(job))
        for folder in job.folders:
            folder.mkdir(parents=True, exist_ok=True)
        here = job.folders[0]
        lives = here / f"lives-{job.task}"
        with lives.open("a") as file:
            file.write(f"{os.getpid()} {os.getppid()}\n")
        for trial in job.trials:
            on_progress(trial, job.task, 1, job.rung)
        match job.task.split():
            case ["raise"]:
                return job.failed(Outcome.FAILED, "ValueError: no", "Traceback\nValueError: no\n")
            case ["refuse"]:
                raise StudyError("x.pt: no room")
            case ["exit", code]:
                os._exit(int(code))
            case [name] if name.startswith("SIG"):
                os.kill(os.getpid(), getattr(signal, name))
            case ["once", name] if len(lives.read_text().splitlines()) == 1:
                os.kill(os.getpid(), getattr(signal, name))
            case ["kill", "lane"]:
                os.kill(os.getppid(), signal.SIGKILL)
                time.sleep(600)
            case ["hang"]:
                time.sleep(600)
            case ["sleep", seconds]:
                time.sleep(float(seconds))
            case ["meet", number]:
                _meet(here.parent, int(number))
            case ["checkpoint"]:
                _checkpoint(job)
        outcome = Outcome.OUT_OF_MEMORY if job.task == "out of memory" else Outcome.FINISHED
        return JobResult(job, job.signed(measured(member, job.rung, outcome) for member in job.members))


def pretend(
    pipe: "Connection[Any, Any]", lifeline: "Connection[Any, Any]", setup: Setup, device: str, num_threads: int
) -> None:
    """Passes for `nas.search.executors.worker_process.work`."""
    serve(pipe, lifeline, Pretender)


def pretend_slowly(
    pipe: "Connection[Any, Any]", lifeline: "Connection[Any, Any]", setup: Setup, device: str, num_threads: int
) -> None:
    """The same, with jobs that take a while."""

    class Slow(Pretender):
        def run(self, job: Job | ProfileJob, on_progress: OnProgress) -> JobResult | ProfileResult:
            result = super().run(job, on_progress)
            time.sleep(0.3)
            return result

    serve(pipe, lifeline, Slow)


def pretended_profile(job: ProfileJob) -> Profile:
    return Profile(
        pattern_id=job.pattern.id,
        conditions=job.conditions,
        latency_ms=2.0,
        latency_iqr_ms=0.1,
        num_repeats=5,
        peak_memory_bytes=1000,
    )


def measured(member: Member, rung: int, outcome: Outcome = Outcome.FINISHED) -> Measurement:
    """A quality that follows from the pattern, the seed and the rung alone."""
    if outcome is not Outcome.FINISHED:
        return Measurement.unfinished(member.seed, member.learning_rate, rung, outcome)
    return Measurement(
        seed=member.seed,
        learning_rate=member.learning_rate,
        outcome=outcome,
        step=rung,
        quality=1 + int(member.pattern.id[:4], 16) / 65536 + member.seed / 10000 + 10 / rung,
        train_loss=1.0,
        wall_seconds=0.0,
        longer=(),
    )


def _meet(folder: Path, number: int) -> None:
    """Wait until so many jobs are here at the same time."""
    (folder / f"here-{os.getpid()}").touch()
    deadline = time.monotonic() + 60
    while len(list(folder.glob("here-*"))) < number:
        assert time.monotonic() < deadline, "jobs that run one after the other never meet"
        time.sleep(0.02)


def _checkpoint(job: Job) -> None:
    """What the trunk of a training run does: a new step, and the one before it is dropped."""
    for folder in job.folders:
        known = sorted(folder.glob("checkpoint-*.pt"))
        step = 1 + max((int(path.name.split("-")[1]) for path in known), default=0)
        before = known[-1].read_text() if known else ""
        (folder / f"checkpoint-{step:09d}-0123456789abcdef.pt").write_text(f"{before}{step}")
        for path in known:
            path.unlink()
