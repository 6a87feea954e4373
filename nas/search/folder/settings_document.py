"""Study settings as the plain document that lies in the study folder."""

from dataclasses import asdict, fields, is_dataclass
from typing import Any

from nas.search.settings import StudySettings

FREE_TO_CHANGE = ("study", "runs_folder", "num_trials", "confirm_seeds", "fidelity", "device", "workers", "cohort_size")
"""Settings with which a study may be resumed although it was started with others."""


def settings_to_dict(settings: StudySettings) -> dict[str, Any]:
    """Every setting that makes a study, as plain values."""
    names = [field.name for field in fields(StudySettings)]
    return {name: _plain(getattr(settings, name)) for name in names}


def differences(before: dict[str, Any], now: dict[str, Any], where: str = "") -> list[str]:
    """`key: was A, now B` for every setting that differs and that a resumed study must not change."""
    found = []
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key), now.get(key)
        if old == new or (not where and key in FREE_TO_CHANGE):
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new, f"{where}{key}.")
        else:
            found.append(f"{where}{key}: was {old!r}, now {new!r}")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
