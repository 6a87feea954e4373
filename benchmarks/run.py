"""All benchmarks that need no GPU, one after the other, and the page that shows what they said.

    python benchmarks/run.py                  # under ten minutes on two cores: `make bench`
    python benchmarks/run.py --only step      # one of them; what is known of the others stays
    python benchmarks/run.py --page           # only writes docs/benchmarks.md again, from what is known

Every benchmark is a process of its own and prints Markdown. What it printed is kept in benchmarks/results/, with the
machine, the versions, the date and the load, and docs/benchmarks.md is made of that. Times are worth something within
one run alone; ratios are what to read.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from json import dumps, loads
from pathlib import Path

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "results", HERE.parent / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Benchmark:
    """A script, what it is called with, and what its figures say.

    Args:
        name: of its file of results.
        title: of its section.
        arguments: the script and its options, from this folder.
        about: a paragraph before its figures.
        needs_gpu: whether it is run by `make bench-gpu` instead.
    """

    name: str
    title: str
    arguments: tuple[str, ...]
    about: str
    needs_gpu: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a benchmark printed, and where.

    Args:
        text: Markdown.
        day: ISO date.
        machine: processor, cores, load before and after.
        versions: of Python and torch.
        seconds: that it took, in seconds.
    """

    text: str
    day: str
    machine: str
    versions: str
    seconds: float


BENCHMARKS = (
    Benchmark(
        "step",
        "A training step of a proxy",
        ("step.py", "--presets", "smoke", "quick", "--repeats", "9"),
        "CPU time of a step beside that of the matrix products it cannot do without (linear layers and all pairs of "
        "attention, forward and backward, operands in the cache), in one thread.",
    ),
    Benchmark(
        "startup",
        "Light commands",
        ("startup.py", "--repeats", "3"),
        "What the commands that train nothing cost beside `import torch`.",
    ),
    Benchmark(
        "counting",
        "Counting pairs",
        ("counting.py", "--tokens", "1048576"),
        "What counting the pairs of a union costs, in passes over its tokens.",
    ),
    Benchmark(
        "attention",
        "Attention by pieces",
        ("attention.py", "--tokens", "2048", "4096", "--threads", "1"),
        "Forward and backward of pieces beside dense attention.",
    ),
    Benchmark(
        "blocks",
        "Blocks of 64 heads",
        ("blocks.py",),
        "Which blocks of 128 x 128 hold visible pairs, at 32,768 tokens, from the descriptions of patterns.",
    ),
    Benchmark(
        "driver",
        "The driver of a study",
        ("driver.py", "--trials", "100", "1000"),
        "What a study takes beside its training. `--trials 10000` takes minutes, and is shown in docs/studies.md.",
    ),
    Benchmark(
        "profiling",
        "Measured costs",
        ("profiling.py", "--tokens", "1024", "--busy", "0"),
        "How exact the clock and the allocator are, for one pattern after another.",
    ),
    Benchmark(
        "search_cost",
        "The default search on the table",
        ("search_cost.py", "../tables/tabular-text.jsonl", "--methods", "make,first"),
        "Share of the true hypervolume that the default search reaches, replayed (docs/search_cost.md).",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [one.name for one in BENCHMARKS]
    parser.add_argument("--only", nargs="+", choices=names, default=[one.name for one in BENCHMARKS])
    parser.add_argument("--page", action="store_true", help="run nothing")
    options = parser.parse_args()
    for benchmark in () if options.page else (one for one in BENCHMARKS if one.name in options.only):
        print(f"{benchmark.name}: {' '.join(benchmark.arguments)}", flush=True)
        keep(benchmark, measure(benchmark))
    PAGE.write_text(page(BENCHMARKS))


def measure(benchmark: Benchmark) -> Outcome:
    """Run one in a process of its own."""
    load, started = os.getloadavg()[0], time.perf_counter()
    command = [sys.executable, str(HERE / benchmark.arguments[0]), *benchmark.arguments[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=HERE)
    return Outcome(
        text=done.stdout.strip(),
        day=date.today().isoformat(),
        machine=f"{processor()}, {os.cpu_count()} cores, load {load:.1f} before and {os.getloadavg()[0]:.1f} after",
        versions=f"Python {platform.python_version()}, torch {version('torch')}",
        seconds=round(time.perf_counter() - started, 1),
    )


def processor() -> str:
    """The name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def keep(benchmark: Benchmark, outcome: Outcome) -> None:
    """Write an outcome down."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{benchmark.name}.json").write_text(dumps(asdict(outcome), indent=2) + "\n")


def known(benchmark: Benchmark) -> Outcome | None:
    """What was written down of one; None if it has never been run."""
    path = RESULTS / f"{benchmark.name}.json"
    return Outcome(**loads(path.read_text())) if path.exists() else None


def page(benchmarks: Sequence[Benchmark]) -> str:
    """docs/benchmarks.md."""
    sections = [section(one) for one in benchmarks]
    head = (
        "# Benchmarks\n\n"
        "Made by `make bench` (`benchmarks/run.py`) from what each benchmark printed; nothing here is\n"
        "written by hand. Times belong to the machine and the load beside them; ratios within one run are\n"
        "what to read.\n"
    )
    return "\n".join([head, *sections])


def section(benchmark: Benchmark) -> str:
    """One benchmark, run or not."""
    outcome = known(benchmark)
    command = f"`python benchmarks/{' '.join(benchmark.arguments)}`"
    lines = [f"## {benchmark.title}", "", *wrapped(benchmark.about), ""]
    if outcome is None:
        return "\n".join([*lines, *wrapped(f"{command}: not run yet."), ""])
    about = f"{command}, {outcome.day}, {outcome.machine}, {outcome.versions}, {outcome.seconds:.0f} s:"
    return "\n".join([*lines, *wrapped(about), "", outcome.text, ""])


def wrapped(text: str) -> list[str]:
    """A paragraph in lines of at most 100 columns; what stands in code marks is not broken."""
    words: list[str] = []
    for word in text.split(" "):
        if words and words[-1].count("`") % 2:
            words[-1] += f" {word}"
        else:
            words.append(word)
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > 100:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


if __name__ == "__main__":
    main()
