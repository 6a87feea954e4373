"""Draw the pictures of the documentation again: `make pictures`, half a minute.

    python demos/pictures.py                      # gallery, shipped table, what the ladder says, README's pattern
    python demos/pictures.py --study runs/llama   # also the front of a study, which the README shows
    python demos/pictures.py --checkpoint runs/mine   # also that of the study in docs/checkpoints.md

Not drawn here: `search_cost.png` (`benchmarks/search_cost.py --picture`, hours), and a browser's view of pages, which
`demos/screenshots.py` photographs: `report.png`, `report-dark.png`, `report-phone.png`, `serve.png`, `serve-live.png`
and `serve-compare.png`.
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
from nas.patterns.drawing.picture import draw_picture
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Global, Window
from nas.report.front_picture import draw_front
from nas.results.study import read_front

ROOT = Path(__file__).parents[1]
PICTURES = "docs/pictures"
README_TOKENS = 32768
TABLE = ROOT / "tables" / "tabular-text.jsonl"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / PICTURES, help="the folder that they are written to")
    parser.add_argument("--study", type=Path, help="a study that has ended: its front is drawn as front.png")
    parser.add_argument("--checkpoint", type=Path, help="one of a checkpoint: its front is drawn as checkpoint.png")
    options = parser.parse_args(words)
    options.out.mkdir(parents=True, exist_ok=True)
    for command in gallery_commands():
        draw_pattern(command, options.out)
    draw_table(read_table(TABLE), options.out / "table.png")
    of_ladder = [sys.executable, ROOT / "benchmarks" / "transfer_picture.py", "--out", options.out]
    subprocess.run(of_ladder, check=True)
    draw_picture(readme_pattern(), options.out / "pattern.png", README_TOKENS)
    for study, name in ((options.study, "front.png"), (options.checkpoint, "checkpoint.png")):
        if study:
            draw_front(read_front(study), options.out / name)


def gallery_commands() -> Iterator[str]:
    """The commands that the gallery shows under its pictures."""
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    yield from re.findall(rf"^(nas draw .* --out {PICTURES}/[\w-]+\.png)$", page, flags=re.MULTILINE)


def readme_pattern() -> ModelPattern:
    """Point 26 of the README's study: L0-15 32x w1024 | L16-31 32x w2048+g16."""
    near, far = HeadGroup(32, (Window(1023),)), HeadGroup(32, (Window(2047), Global(16)))
    return ModelPattern.of([(near,)] * 16 + [(far,)] * 16)


def draw_pattern(command: str, folder: Path) -> None:
    *words, out = shlex.split(command)
    if code := run_nas([*words[1:], str(folder / Path(out).name)]):
        raise SystemExit(code)


if __name__ == "__main__":
    main()
