"""The reader of a study folder, for reports, exports and trackers.

runs/<study>/  config.yaml     what ran
               trials/00012/   trial.json
               front.json      the result
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas.errors import InputError, StudyError
from nas.files import damage_named, read_bytes
from nas.results.codec import check_schema, from_json
from nas.results.decoded_files import DecodedFiles
from nas.results.front import SCHEMA, Front
from nas.results.own_files import check_own
from nas.results.trial import Trial

FREE_TO_CHANGE = (
    "study",
    "runs_folder",
    "num_trials",
    "confirm_seeds",
    "fidelity",
    "device",
    "executor",
    "workers",
    "cohort_size",
    "stall_minutes",
    "storage",
)
"""Settings that may differ when a study is resumed."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def study_path(study: str, runs_folder: str = "runs") -> Path:
    """The folder of a study, given by name or by path.

    Raises:
        InputError: it is neither a name nor a path.
    """
    if os.sep in study or study.startswith("~"):
        return _expanded(study)
    if not _NAME.fullmatch(study):
        allowed = "must be a name of letters, digits, '.', '_' and '-', or a path"
        raise InputError("study", allowed, study)
    return Path(runs_folder) / study


def read_front(path: str | Path) -> Front:
    """The front of a study.

    Args:
        path: the study folder, or its front.json.

    Raises:
        StudyError: there is none, the file is damaged or from another version, or the folder holds links.
    """
    path = Path(path)
    if path.name == "front.json":  # a file that the user names may be a link
        return StudyReader(path.parent).front()
    check_own(path)
    return StudyReader(path).front()


class StudyReader:
    """Reads one study folder.

    Args:
        path: the folder; need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = DecodedFiles()

    @classmethod
    def existing(cls, study: str, runs_folder: str = "runs") -> "StudyReader":
        """The reader of a study that has been started.

        Raises:
            StudyError: there is no such study, or it holds links.
        """
        reader = cls(study_path(study, runs_folder))
        if not reader.config.is_file():
            near = sorted(path.parent.name for path in Path(runs_folder).glob("*/config.yaml"))
            known = f"Known under {runs_folder}/: {', '.join(near)}." if near else "Start one with nas search."
            raise StudyError(f"study: must be a study that was started, got {study!r}. {known}")
        check_own(reader.path)
        return reader

    @property
    def config(self) -> Path:
        """The path of its settings."""
        return self.path / "config.yaml"

    def trial_path(self, number: int) -> Path:
        """The folder of one trial."""
        return self.path / "trials" / f"{number:05d}"

    def has_front(self) -> bool:
        """Whether the study has ended at least once."""
        return (self.path / "front.json").is_file()

    def settings_document(self) -> dict[str, Any] | None:
        """The settings that the study was started with, as plain values; None for a new one."""
        import yaml  # slow to import, and `nas show` needs no settings

        from nas.plain_yaml import load_plain

        content = read_bytes(self.config)
        if content is None:
            return None
        try:
            document = load_plain(content, str(self.config))
        except yaml.YAMLError as error:
            raise StudyError(f"{self.config}: must hold YAML, got {str(error).splitlines()[0]!r}.") from None
        except RecursionError:
            raise StudyError(f"{self.config}: must not be nested hundreds of levels deep.") from None
        if not isinstance(document, dict):
            raise StudyError(f"{self.config}: must hold the settings of a study, got {type(document).__name__}.")
        return document

    def trials(self) -> tuple[Trial, ...]:
        """Every trial that has ended, by number."""
        found = (self._files.read(path, Trial) for path in sorted(self.path.glob("trials/*/trial.json")))
        return tuple(trial for trial in found if trial is not None)

    def read_trial(self, number: int) -> Trial | None:
        """One trial, or None while it is not written down."""
        return self._files.read(self.trial_path(number) / "trial.json", Trial)

    def trial(self, number: int) -> Trial:
        """One trial that must be there.

        Raises:
            StudyError: the study has no such trial, or it has not ended.
        """
        trial = self.read_trial(number)
        if trial is None:
            ended = [one.number for one in self.trials()]
            known = (
                f"one of {ended[0]} to {ended[-1]} of {self.path}" if ended else f"in {self.path}, where none has ended"
            )
            raise StudyError(f"trial: must be {known}, got {number}.")
        return trial

    def front_json(self) -> bytes:
        """The bytes of front.json.

        Raises:
            StudyError: the study has not ended yet, or the file cannot be read.
        """
        content = read_bytes(self.path / "front.json")
        if content is None:
            ended, remedy = f"{len(self.trials())} trials ended", "Run the same nas search again to resume it."
            raise StudyError(f"study: {self.path} has no front yet ({ended}). {remedy}")
        return content

    def front(self) -> Front:
        """The front.

        Raises:
            StudyError: the study has not ended yet, or front.json is damaged or from another version.
        """
        content, path = self.front_json(), self.path / "front.json"
        with damage_named(path):
            check_schema(content, SCHEMA, path)
            return from_json(content, Front)


def settings_differences(before: Mapping[str, Any], now: Mapping[str, Any], where: str = "") -> list[str]:
    """`key: was A, now B` for every setting that differs and that a resumed study must not change."""
    found = []
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key), now.get(key)
        if old == new or (not where and key in FREE_TO_CHANGE):
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found += settings_differences(old, new, f"{where}{key}.")
        else:
            found.append(f"{where}{key}: was {old!r}, now {new!r}")
    return found


def _expanded(study: str) -> Path:
    try:
        path = Path(study).expanduser()
    except RuntimeError:
        raise InputError("study", "must start with the home of an existing user", study) from None
    # Folder and study share their name, so it must be in the path itself.
    if Path(study).name in ("", "..") or "\0" in study or not study.isprintable():
        raise InputError("study", "must be a path that ends in the study's own name", study)
    return path
