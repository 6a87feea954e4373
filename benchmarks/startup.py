"""What the light commands cost beside `import torch`, in one run.

    python benchmarks/startup.py
    python benchmarks/startup.py --study runs/quick --repeats 9

CPU seconds (user and system) of one process a command, its output thrown away. The commands take turns, after a first
turn that is not counted, and medians are shown. Without --study a tiny study is made first, in a temporary folder.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from nas.cli.main import VERBS

NAS = "import sys; from nas.cli.main import main; sys.exit(main())"
TABLE = Path(__file__).parents[1] / "tables" / "tabular-text.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", metavar="PATH", help="the folder of a study to show (default: one of two trials)")
    parser.add_argument("--repeats", type=int, default=3, metavar="R", help="turns that count (default: 3)")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        study = options.study or small_study(folder)
        seconds = medians(commands(study), options.repeats)
    torch = seconds["python -c 'import torch'"]
    print("| command | CPU s | times import torch |")
    print("|---|---|---|")
    for name, spent in seconds.items():
        print(f"| `{name}` | {spent:.2f} | {spent / torch:.2f} |")


def small_study(folder: str) -> str:
    """Search with the smoke preset; returns the study's folder."""
    words = ["preset=smoke", "num_trials=2", "tracking=none", "study=startup", f"runs_folder={folder}"]
    cpu_seconds(nas("search", *words))
    return f"{folder}/startup"


def commands(study: str) -> dict[str, list[str]]:
    """The programs to run, by the names to print."""
    light = {
        "nas show STUDY": nas("show", study),
        "nas show STUDY --json": nas("show", study, "--json"),
        f"nas table show {TABLE.name}": nas("table", "show", str(TABLE)),
        "nas cost longformer": nas("cost", "longformer", "--tokens", "4096"),
        "nas draw longformer": nas("draw", "longformer"),
        "nas doctor": nas("doctor"),
    }
    helps = {f"nas {verb} --help": nas(verb, "--help") for verb in VERBS}
    torch = {"python -c 'import torch'": [sys.executable, "-c", "import torch"]}
    return torch | {"nas --help": nas("--help")} | helps | light


def nas(*words: str) -> list[str]:
    """The program that `nas WORDS` runs, without the script that pip makes of it."""
    return [sys.executable, "-c", NAS, *words]


def medians(programs: Mapping[str, list[str]], repeats: int) -> dict[str, float]:
    """CPU seconds of each program; the first turn, which also compiles and fills caches, is left out."""
    turns = [{name: cpu_seconds(program) for name, program in programs.items()} for _ in range(1 + repeats)]
    return {name: median(turn[name] for turn in turns[1:]) for name in programs}


def cpu_seconds(program: Sequence[str]) -> float:
    """What one process spends, with all that it waits for."""
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, program)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
