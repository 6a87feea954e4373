"""A benchmark: a process of its own, and what it printed."""

import os
import platform
import resource
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from json import dumps, loads
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True)
class Benchmark:
    """What is run, and what its figures say.

    Args:
        name: of its file of results.
        title: of its section.
        arguments: of Python, in the root of the repository.
        about: a paragraph before its figures.
        limit_s: how long it may take, in seconds; what it has printed by then is kept.
    """

    name: str
    title: str
    arguments: tuple[str, ...]
    about: str
    limit_s: float = 600.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a benchmark printed, and where.

    Args:
        text: Markdown.
        day: ISO date.
        machine: processor, cores, load before and after.
        versions: of Python and torch.
        seconds: that it took, in seconds.
        cpu_seconds: of all its processes together, in seconds; a busy machine changes these least. 0 if not counted.
        gpu: name of the GPU that it used; empty if it used none.
        ended: why it ended before its end; empty if it did not.
    """

    text: str
    day: str
    machine: str
    versions: str
    seconds: float
    cpu_seconds: float = 0.0
    gpu: str = ""
    ended: str = ""


def measure(benchmark: Benchmark, gpu: str) -> Outcome:
    """Run one in a process group of its own, and end all of it at its limit."""
    load, started, cpu_before = os.getloadavg()[0], time.perf_counter(), cpu_seconds()
    command = [sys.executable, *benchmark.arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        try:
            text, errors = process.communicate(timeout=benchmark.limit_s)
            ended = f"failed: {last_line(errors)}" if process.returncode else ""
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, errors = process.communicate()
            ended = f"stopped at its limit of {benchmark.limit_s:.0f} s"
        except BaseException:  # Ctrl-C reaches this process alone
            os.killpg(process.pid, signal.SIGKILL)
            raise
    print(errors, end="", file=sys.stderr)
    return Outcome(
        text=text.strip(),
        day=date.today().isoformat(),
        machine=f"{processor()}, {os.cpu_count()} cores, load {load:.1f} before and {os.getloadavg()[0]:.1f} after",
        versions=versions(),
        seconds=round(time.perf_counter() - started, 1),
        cpu_seconds=round(cpu_seconds() - cpu_before, 1),
        gpu=gpu,
        ended=ended,
    )


def cpu_seconds() -> float:
    """CPU time of all processes that were started here and have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def versions() -> str:
    """Of Python and torch."""
    return f"Python {platform.python_version()}, torch {version('torch')}"


def processor() -> str:
    """The name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def keep(benchmark: Benchmark, outcome: Outcome) -> None:
    """Write an outcome down; one that ended early never replaces one that did not."""
    before = known(benchmark)
    if outcome.ended and before is not None and not before.ended:
        return
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{benchmark.name}.json").write_text(dumps(asdict(outcome), indent=2) + "\n")


def known(benchmark: Benchmark) -> Outcome | None:
    """What was written down of one; None if it has never been run."""
    path = RESULTS / f"{benchmark.name}.json"
    return Outcome(**loads(path.read_text())) if path.exists() else None


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no message")
