"""The files of a study, which must be its own: a folder may come from a stranger, with links in it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from nas.errors import StudyError

NAMES = (
    "lock",
    "lease",
    "config.yaml",
    "data.json",
    "survey.json",
    "identity.json",
    "trials",
    "decisions.jsonl",
    "progress.json",
    "front.json",
    "front.csv",
    "front.png",
    "report.html",
    "wandb",
    "exports",
)
"""What `nas` reads and writes in a study folder. Further entries are left alone: they are the user's, or, as study.db
is, replaced without a look at what they were."""


def kept_names(study: Path) -> list[str]:
    """What a folder has of the files that a search writes after config.yaml."""
    written = [name for name in (*NAMES, "study.db") if name not in ("lock", "lease", "config.yaml")]
    return [name for name in written if os.path.lexists(study / name)]


def check_own(study: Path) -> None:
    """Refuse a study folder that holds links, pipes or devices where its own files should be.

    They would have `nas` read, overwrite or wait for something elsewhere. The folder itself may be a link.

    Args:
        study: the folder; need not exist.

    Raises:
        StudyError: something in it is neither a file nor a folder.
    """
    for path in _entries(study):
        try:
            mode = os.lstat(path).st_mode
        except OSError:  # it is not there, or another process has just removed it
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            allowed = "must be a file or a folder of the study itself, not a link, a pipe or a device"
            raise StudyError(f"{path}: {allowed}. Remove it, or copy the study without its links.")


def _entries(study: Path) -> Iterator[str]:
    """The paths to check; a link is given before anything behind it would be listed."""
    yield from (str(study / name) for name in NAMES)
    for deep in ("trials", "exports"):
        for folder, folders, files in os.walk(study / deep):  # enters no links
            yield from (os.path.join(folder, name) for name in folders + files)
