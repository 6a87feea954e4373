"""The ledger of recorded runs, so that a resumed study does not record them again."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings


class Ledger:
    """A line `id digest` per recorded run, in the `wandb` folder of the study; the last line of an id counts.

    If the file cannot be read, or a crash truncated a line, runs are merely recorded again.

    Args:
        folder: the study folder; the file is created with the first entry.
        settings: where runs go; a run recorded elsewhere is unknown here.
        fresh: start empty, so that every run is recorded again.
    """

    def __init__(self, folder: Path, settings: TrackingSettings, *, fresh: bool = False) -> None:
        self._path, self._settings = folder / "wandb" / "recorded.txt", settings
        lines = [] if fresh else _lines(self._path)
        self._digests = {words[0]: words[1] for line in lines if len(words := line.split()) == 2}

    def holds(self, run: Run) -> bool:
        """Whether the run was recorded there with exactly this content."""
        return self._digests.get(run.id) == self._digest(run)

    def add(self, run: Run) -> None:
        """Note that the run is recorded."""
        digest = self._digest(run)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"\n{run.id} {digest}\n")  # the first newline ends a truncated line
        self._digests[run.id] = digest

    def _digest(self, run: Run) -> str:
        content = json.dumps([asdict(self._settings), run.to_dict()], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
