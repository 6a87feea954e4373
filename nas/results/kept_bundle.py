"""Bundles that a study keeps: copies of what was exported from it, so that trackers have them whenever they record it.

runs/<study>/  exports/00012-flex/   the files of the last export of trial 12 in that format
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nas.files import damage_named, read_bytes
from nas.results.bundle import BUNDLE_FILE

EXPORTS_FOLDER = "exports"
MOST_BYTES = 2**24
"""Largest bundle that is kept, in bytes: exports hold a pattern, a module and a picture, some hundred kilobytes."""

_NAME = re.compile(r"\d{5,}-[a-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBundle:
    """A bundle.

    Args:
        name: `00012-flex`, the trial and the format.
        files: content by name.
    """

    name: str
    files: Mapping[str, bytes]


def bundle_name(trial: int, format_name: str) -> str:
    """The name of a kept bundle: `00012-flex`."""
    return f"{trial:05d}-{format_name}"


def kept_bundles(study: Path) -> tuple[KeptBundle, ...]:
    """The bundles of a study, by name; folders that are none, and those too large, are left alone.

    Args:
        study: the study folder, whose files are its own (`check_own`).

    Raises:
        StudyError: a file cannot be read.
    """
    exports = study / EXPORTS_FOLDER
    with damage_named(exports):
        folders = sorted(path for path in exports.glob("*") if _NAME.fullmatch(path.name))
    return tuple(kept for folder in folders if (kept := _read(folder)) is not None)


def _read(folder: Path) -> KeptBundle | None:
    with damage_named(folder):
        paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
        if all(path.name != BUNDLE_FILE for path in paths) or sum(path.stat().st_size for path in paths) > MOST_BYTES:
            return None
    return KeptBundle(name=folder.name, files={path.name: read_bytes(path) or b"" for path in paths})
