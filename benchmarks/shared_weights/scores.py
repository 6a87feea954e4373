"""What was measured, kept in a file, so that a call which was stopped goes on."""

import json
from pathlib import Path


class Scores:
    """Qualities by method and pattern, in one file; a line for each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self._known: dict[tuple[str, str], float | None] = {
            (row["key"], row["pattern"]): row["quality"] for row in map(json.loads, lines)
        }

    def has(self, key: str, pattern_id: str) -> bool:
        """Whether a quality is known."""
        return (key, pattern_id) in self._known

    def get(self, key: str, pattern_id: str) -> float | None:
        """A known quality."""
        return self._known[key, pattern_id]

    def add(self, key: str, pattern_id: str, quality: float | None) -> None:
        """Keep one more."""
        self._known[key, pattern_id] = quality
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps({"key": key, "pattern": pattern_id, "quality": quality}) + "\n")
