"""Bundles of a study that is tracked: kept in its folder, and recorded with its run in Weights & Biases."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from nas.errors import NasError, printable

if TYPE_CHECKING:
    from nas.results.study import StudyReader
    from nas.tracking.settings import TrackingSettings


def track_bundles(study: "StudyReader", argument: str, format_name: str, bundles: Mapping[int, list[Path]]) -> None:
    """Keep what was exported, and record it where the study was recorded; nothing if it was not.

    Offline that happens at once. Nothing is sent unasked, as the note of where to may come from a stranger: for a study
    that was recorded online, a line names the command. A failure is a line too, since the export itself is done.

    Args:
        study: the study.
        argument: by which commands find it.
        format_name: the format of the export.
        bundles: the files that were written, by trial.
    """
    from nas.results.kept_bundle import EXPORTS_FOLDER, bundle_name
    from nas.tracking.ledger import recorded_place

    place = recorded_place(study.path)
    if place is None:
        return
    command = printable(join(["nas", "track", argument, *_options(place)]))
    try:
        for trial, files in bundles.items():
            _keep(study.path / EXPORTS_FOLDER / bundle_name(trial, format_name), files)
        if place.mode == "online":
            print(f"W&B gets this with: {command}", file=sys.stderr)
        else:
            _record(study, argument, place)
    except NasError as error:
        print(f"W&B has not recorded this export ({error}). Try: {command}", file=sys.stderr)


def _options(place: "TrackingSettings") -> list[str]:
    """Those of `nas track` that differ from its defaults."""
    given = {"--mode": place.mode, "--project": place.project, "--entity": place.entity}
    usual = {"--mode": "offline", "--project": "nas", "--entity": None}
    return [word for name, value in given.items() if value and value != usual[name] for word in (name, value)]


def _keep(folder: Path, files: list[Path]) -> None:
    """Copy the files of a bundle, in place of the last export of this trial in this format."""
    from nas.export.bundle.writer import write_bundle

    try:
        if folder.exists():
            shutil.rmtree(folder)
        contents = {path.name: path.read_bytes() for path in files}
    except OSError as error:
        raise NasError(f"{folder}: cannot be replaced ({error.strerror})") from None
    write_bundle(contents, folder)


def _record(study: "StudyReader", argument: str, place: "TrackingSettings") -> None:
    from nas.cli.track import track

    recorded = track(study, argument, place, fresh=False)
    if recorded.num_missing:
        raise NasError(recorded.first_failure)
