"""The tests that are marked `gpu`, where pytest and Hypothesis are installed."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from .place import parse

ROOT = Path(__file__).parents[2]
MARK = "@pytest.mark.gpu"
OPTIONS = (
    "-m",
    "gpu",
    "-p",
    "no:cacheprovider",
    "-o",
    "addopts=--import-mode=importlib",
    "-o",
    "filterwarnings=default",
)
"""Plugins that the configuration counts on may be missing, and a warning of another torch is no failure."""


def main(words: Sequence[str] | None = None) -> None:
    parse(__doc__, words)
    missing = [name for name in ("pytest", "hypothesis") if find_spec(name) is None]
    if missing:
        print(f"Not run: {' and '.join(missing)} not installed.")
        return
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=line", *OPTIONS]
    files = [str(path.relative_to(ROOT)) for path in marked_files()]
    done = subprocess.run([*command, *files], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(f"`{' '.join(files)}`:\n\n```\n{done.stdout.strip()}\n```")
    if done.returncode:
        sys.exit(f"pytest ended with {done.returncode}")


def marked_files() -> list[Path]:
    """The test files with such a test; others would need libraries that are missing here."""
    return sorted(path for path in (ROOT / "tests").rglob("test_*.py") if MARK in path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
