"""docs/benchmarks.md: what every benchmark printed."""

from collections.abc import Sequence
from itertools import chain

from benchmark import ROOT, Benchmark, known

PAGE = ROOT / "docs" / "benchmarks.md"

HEAD = """\
# Benchmarks

Made by `make bench` and `make bench-gpu` (`benchmarks/run.py`) from what each benchmark printed;
nothing here is written by hand. Times belong to the machine and the load beside them; ratios within
one run are what to read.
"""

GPU_HEAD = """\
## On a GPU

`make bench-gpu` runs these within eight minutes on one GPU, most telling first. It installs this
project; `python benchmarks/run.py --gpu` installs nothing, and runs with any Python that has torch,
lightning, numpy, msgspec and cachetools. What else is missing is said where it is needed. Some
thirty kernels are compiled on the way, and how long that takes is not known yet: a stage that
reaches its limit keeps the rows that it has, and a call after a stop goes on there, with the
kernels that torch has kept. A part that fails says so in its row and hides no other. A section that
was not run yet claims nothing.
"""


def page(on_cpu: Sequence[Benchmark], on_gpu: Sequence[Benchmark]) -> str:
    """The whole page."""
    sections = [section(one, "##") for one in on_cpu]
    return "\n".join([HEAD, *sections, GPU_HEAD, *(section(one, "###") for one in on_gpu)])


def section(benchmark: Benchmark, marks: str) -> str:
    """One benchmark, run or not, under a heading of this depth."""
    outcome = known(benchmark)
    command = f"`python {' '.join(benchmark.arguments)}`"
    lines = [f"{marks} {benchmark.title}", "", *wrapped(benchmark.about), ""]
    if outcome is None:
        return "\n".join([*lines, *wrapped(f"{command}: not run yet."), ""])
    where = ", ".join(filter(None, [outcome.day, outcome.gpu, outcome.machine, outcome.versions]))
    end = f", {outcome.ended}" if outcome.ended else ""
    cpu = f", {outcome.cpu_seconds:.0f} s of CPU time" if outcome.cpu_seconds else ""
    lines += [*wrapped(f"{command}, {where}, {outcome.seconds:.0f} s{cpu}{end}:"), "", *printed(outcome.text), ""]
    return "\n".join(lines)


def printed(text: str) -> list[str]:
    """What a benchmark printed, with its prose wrapped and its tables set apart, as Markdown needs them."""
    lines: list[str] = []
    for line in text.splitlines():
        is_row = line.startswith("|")
        if line and lines and lines[-1] and is_row != lines[-1].startswith("|"):
            lines.append("")
        lines += [line] if is_row else wrapped(line)
    return lines


def wrapped(text: str) -> list[str]:
    """A paragraph in lines of at most 100 columns; what stands in code marks is not broken unless it has to be."""
    words: list[str] = []
    for word in text.split(" "):
        if words and words[-1].count("`") % 2:
            words[-1] += f" {word}"
        else:
            words.append(word)
    lines = [""]
    for word in chain.from_iterable([word] if len(word) <= 100 else word.split(" ") for word in words):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > 100:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
