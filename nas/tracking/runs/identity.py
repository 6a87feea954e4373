"""What a run is called, and the settings and ids by which it stays the same run."""

import hashlib
import json
import re
from typing import Any

from nas.patterns.label import label
from nas.results.observer import StudyInfo
from nas.results.study import FREE_TO_CHANGE
from nas.results.trial import Trial

_NO_ARTIFACT_NAME = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME = 128


def run_name(trial: Trial) -> str:
    """A baseline's name, or the trial's number and label; W&B allows 128 characters."""
    if trial.baseline:
        return trial.baseline
    name = f"{trial.number:05d}" + (f" {label(trial.pattern)}" if trial.pattern else "")
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."


def artifact_name(info: StudyInfo, part: str) -> str:
    """The study's name and the part, in the letters that W&B allows."""
    return _NO_ARTIFACT_NAME.sub("-", f"{info.name}-{part}")


def run_id(info: StudyInfo, part: str) -> str:
    """16 hexadecimal digits from the study's name, its settings and the part.

    Settings are included so that a new study with an old name does not overwrite the runs of the old one.
    """
    text = json.dumps([info.name, deciding_settings(info), part], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def deciding_settings(info: StudyInfo) -> dict[str, Any]:
    """The settings that determine results; a study resumed with more trials or workers keeps its runs."""
    return {key: value for key, value in info.settings.items() if key not in FREE_TO_CHANGE}
