"""What a newcomer waits for: from a clone to a verified export, step by step, in a temporary folder.

    python benchmarks/newcomer.py                        # the default search
    python benchmarks/newcomer.py preset=smoke           # settings of the search; this one takes under a minute
    python benchmarks/newcomer.py --python python3.12

Each step is a command that docs/tutorial.md shows, run as it stands. Wall time is what the newcomer sees, and says as
much about the network and other work as about nas; CPU time (user and system, all processes of the step) says less
about them. A step that fails ends the run with its output.
"""

import argparse
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
STUDY = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the way.

    Args:
        name: what the newcomer does.
        command: what is typed, in the folder of the clone.
    """

    name: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a step took.

    Args:
        wall: seconds on the clock.
        cpu: seconds of processors, user and system.
    """

    wall: float
    cpu: float


def steps(source: Path, python: str, settings: Sequence[str]) -> tuple[Step, ...]:
    """The way from a repository to a verified export."""
    searched = shlex.join(["nas", "search", f"study={STUDY}", *settings])
    return (
        Step(name="clone", command=f"git clone --quiet {shlex.quote(str(source))} ."),
        Step(name="make an environment", command=f"{shlex.quote(python)} -m venv .venv"),
        Step(name="install", command="pip install --quiet --disable-pip-version-check -c constraints.txt ."),
        Step(name="search", command=searched),
        Step(name="show the front", command=f"nas show {STUDY}"),
        Step(name="export the knee", command=f"nas export {STUDY} --best knee --format flex --out chosen"),
        Step(name="verify the export", command="nas verify chosen"),
    )


def walk(way: Sequence[Step], folder: Path) -> Iterator[tuple[Step, Taken]]:
    """Take each step in the folder, with the programs of its environment first on the path.

    Raises:
        SystemExit: a step failed; the text is its output.
    """
    path = os.pathsep.join([str(folder / ".venv" / "bin"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    environment.pop("PYTHONPATH", None)  # what is installed is what runs
    for step in way:
        before, began = _cpu(), time.monotonic()
        ended = subprocess.run(
            shlex.split(step.command), cwd=folder, env=environment, text=True, capture_output=True, check=False
        )
        taken = Taken(wall=time.monotonic() - began, cpu=_cpu() - before)
        if ended.returncode:
            raise SystemExit(f"{step.name} failed: {step.command}\n{ended.stdout}{ended.stderr}")
        yield step, taken


def _cpu() -> float:
    """CPU seconds of all processes that were started here and have ended, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def row(name: str, taken: Taken, command: str = "") -> str:
    return f"| {name} | {f'`{command}`' if command else ''} | {taken.wall:,.1f} | {taken.cpu:,.1f} |"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", metavar="KEY=VALUE", nargs="*", help="settings of the search")
    parser.add_argument("--python", default=sys.executable, help="the Python that makes the environment")
    parser.add_argument("--source", type=Path, default=ROOT, help="the repository that is cloned")
    options = parser.parse_args(words)
    print("| step | command | wall (s) | CPU (s) |\n|---|---|---|---|", flush=True)
    wall = cpu = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for step, taken in walk(steps(options.source.resolve(), options.python, options.settings), Path(folder)):
            wall, cpu = wall + taken.wall, cpu + taken.cpu
            print(row(step.name, taken, step.command), flush=True)
    print(row("all", Taken(wall=wall, cpu=cpu)))


if __name__ == "__main__":
    main()
