"""A folder of studies: one has ended, one is running, and one is strange."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from nas.results.codec import to_document
from nas.results.lock import locked
from nas.results.observer import Progress
from nas.results.progress import Stage, StudyProgress
from nas.results.study import read_front
from tests.cli.conftest import study  # noqa: F401  the folder of an ended study

HOSTILE = """<script>boom()</script>"'><img src=x onerror=boom()>{{ 7 * 7 }}"""


def make_progress(ended: Path, **changes) -> StudyProgress:
    """A search that has a while to go."""
    run = Progress(trial=7, task=HOSTILE, step=50, num_steps=100)
    fields: dict[str, Any] = {
        "stage": Stage.SEARCHING,
        "objectives": read_front(ended).objectives,
        "num_done": 12,
        "num_expected": 40,
        "share_done": 0.3,
        "seconds_left": 600.0,
        "trials_per_hour": 33.0,
        "num_workers": 2,
        "written_at": time.time(),
        "runs": (run,),
    }
    return StudyProgress(**(fields | changes))


def write_progress(folder: Path, progress: StudyProgress) -> None:
    (folder / "progress.json").write_text(json.dumps(to_document(progress)))


@pytest.fixture
def runs(study: Path, tmp_path: Path) -> Iterator[Path]:  # noqa: F811
    runs = tmp_path / "runs"
    for name in ("one", "two", "live", "strange"):
        copytree(study, runs / name)
    config = runs / "two" / "config.yaml"
    config.write_text(config.read_text().replace("sampler: ehvi", f"sampler: {json.dumps(HOSTILE)}"))
    (runs / "live" / "front.json").unlink()
    write_progress(runs / "live", make_progress(study))
    front = json.loads((runs / "strange" / "front.json").read_text())
    front["study"] = front["provenance"]["task"] = HOSTILE
    for entry in front["baselines"]:
        entry["baseline"] = HOSTILE
    for entry in front["points"]:
        entry["baseline"] = entry["baseline"] and HOSTILE
    (runs / "strange" / "front.json").write_text(json.dumps(front))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "config.yaml").write_text("secret: hunter2")
    (runs / "link").symlink_to(tmp_path / "outside")
    (runs / "<b>empty").mkdir()
    with locked(runs / "live"):
        yield runs
