"""Draw the pictures of the documentation again: `make pictures`, half a minute.

    python demos/pictures.py                      # the gallery, the shipped table, and what the ladder's tables say
    python demos/pictures.py --study runs/llama   # also the front of a study, which the README shows

Not drawn here: `search_cost.png` (`benchmarks/search_cost.py --picture`, hours), `checkpoint.png` (the front of the
study in docs/checkpoints.md), `pattern.png` (a trial of the README's study, by the command there) and `report.png`
(a browser's view of a report).
"""

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from nas.cli.main import main as run_nas
from nas.ground_truth.file import read_table
from nas.ground_truth.report.picture import draw_table
from nas.report.front_picture import draw_front
from nas.results.study import read_front

ROOT = Path(__file__).parents[1]
PICTURES = "docs/pictures"
TABLE = ROOT / "tables" / "tabular-text.jsonl"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / PICTURES, help="the folder that they are written to")
    parser.add_argument("--study", type=Path, help="a study that has ended: its front is drawn as front.png")
    options = parser.parse_args(words)
    options.out.mkdir(parents=True, exist_ok=True)
    for command in gallery_commands():
        draw_pattern(command, options.out)
    draw_table(read_table(TABLE), options.out / "table.png")
    of_ladder = [sys.executable, ROOT / "benchmarks" / "transfer_picture.py", "--out", options.out]
    subprocess.run(of_ladder, check=True)
    if options.study:
        draw_front(read_front(options.study), options.out / "front.png")


def gallery_commands() -> Iterator[str]:
    """The commands that the gallery shows under its pictures."""
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    yield from re.findall(rf"^(nas draw .* --out {PICTURES}/[\w-]+\.png)$", page, flags=re.MULTILINE)


def draw_pattern(command: str, folder: Path) -> None:
    *words, out = shlex.split(command)
    if code := run_nas([*words[1:], str(folder / Path(out).name)]):
        raise SystemExit(code)


if __name__ == "__main__":
    main()
