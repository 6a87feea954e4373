"""Which runs were recorded, so that a resumed study does not record them again."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings


class Ledger:
    """A line `id digest` for every recorded run, in the study's `wandb` folder; the last line of an id counts.

    A file that cannot be read, or a line that a crash cut off, only means that runs are recorded again.

    Args:
        folder: the study folder; the file is made with the first entry.
        settings: where runs go; a run recorded elsewhere is not known here.
        anew: know nothing, so that every run is recorded again.
    """

    def __init__(self, folder: Path, settings: TrackingSettings, *, anew: bool = False) -> None:
        self._path, self._settings = folder / "wandb" / "recorded.txt", settings
        lines = [] if anew else _lines(self._path)
        self._digests = {words[0]: words[1] for line in lines if len(words := line.split()) == 2}

    def holds(self, run: Run) -> bool:
        """Whether the run was recorded there with this very content."""
        return self._digests.get(run.id) == self._digest(run)

    def add(self, run: Run) -> None:
        """Note that the run is recorded."""
        digest = self._digest(run)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"\n{run.id} {digest}\n")  # the first newline ends a line that was cut off
        self._digests[run.id] = digest

    def _digest(self, run: Run) -> str:
        content = json.dumps([asdict(self._settings), run.to_dict()], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
