"""Settings of tracking: where a study is recorded in addition to its folder."""

import os
from dataclasses import dataclass

from nas.errors import InputError, unknown

MODES = ("offline", "online", "none")

_FORBIDDEN_IN_PROJECT = '/\\#?%:"'
_LONGEST_PROJECT = 128


@dataclass(kw_only=True, slots=True)
class TrackingSettings:
    """Weights & Biases.

    Args:
        mode: offline (files in the study folder, sent later with `wandb sync`), online, or none.
        project: W&B project that the runs belong to.
        entity: W&B user or team; None for the default of the API key.

    Raises:
        InputError: the mode is unknown, or W&B refuses such a project name.
    """

    mode: str = "offline"
    project: str = "nas"
    entity: str | None = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise unknown("tracking.mode", self.mode, MODES, "mode")
        if self.mode != "none" and not _is_project_name(self.project):
            allowed = f"must have 1 to {_LONGEST_PROJECT} characters, none of {_FORBIDDEN_IN_PROJECT}"
            raise InputError("tracking.project", allowed, self.project)


def check_key(settings: TrackingSettings) -> None:
    """Refuse to start what could not be sent.

    Raises:
        InputError: the mode is online, and WANDB_API_KEY is missing in the environment.
    """
    if settings.mode == "online" and not os.environ.get("WANDB_API_KEY", "").strip():
        raise InputError(
            "tracking",
            "online needs a key in the environment variable WANDB_API_KEY",
            "no key",
            "Set it, or record offline and run `wandb sync` later.",
        )


def _is_project_name(name: str) -> bool:
    return 1 <= len(name) <= _LONGEST_PROJECT and not any(character in _FORBIDDEN_IN_PROJECT for character in name)
