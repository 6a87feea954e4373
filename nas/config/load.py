"""Loading: from the words of a command line to the settings of its studies."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import yaml

from nas.config.compose import compose_document
from nas.config.folder import check_config_dir
from nas.config.overrides import expand
from nas.config.read import read_settings
from nas.config.settings import RunSettings
from nas.errors import InputError
from nas.space.load import is_shipped
from nas.tracking.settings import check_key


def load_settings(
    words: Sequence[str] = (), *, config_dir: Path | None = None, multirun: bool = False
) -> list[RunSettings]:
    """The settings of every study that a command line requests: one, or with multirun any number.

    Args:
        words: each `key=value`.
        config_dir: a folder of the user with further YAML files, laid out like `conf/`.
        multirun: allow `seed=0,1,2`; studies that would share a name get these values as a suffix.

    Raises:
        NasError: a word, a file or a value is wrong; nothing was written.
    """
    if config_dir is not None:
        check_config_dir(config_dir)
    requested = list(expand(words, multirun=multirun, config_dir=config_dir))
    runs = [_read(compose_document(one.overrides, config_dir), one.modules) for one in requested]
    return _with_own_names(runs, [one.label for one in requested])


def to_yaml(settings: RunSettings) -> str:
    """The settings as a YAML file, every key with its value; `nas.config.read` reads it back."""
    text: str = yaml.safe_dump(asdict(settings), sort_keys=False, allow_unicode=True)
    return text


def _read(document: dict[str, Any], modules: Collection[str]) -> RunSettings:
    settings = read_settings(RunSettings, document)
    attribute = settings.space.attribute
    if attribute not in modules and not is_shipped(attribute.partition(":")[0]):
        allowed = "must be named on the command line if nas does not ship it, because its module is run"
        raise InputError("space.attribute", allowed, attribute, f"If you trust it, add space.attribute={attribute}.")
    check_key(settings.tracking)
    return settings


def _with_own_names(runs: list[RunSettings], labels: list[str]) -> list[RunSettings]:
    """The same studies, renamed if two would share a folder."""
    if _differ(runs):
        return runs
    named = [replace(run, study=f"{run.study}-{label}") for run, label in zip(runs, labels, strict=True)]
    if not _differ(named):
        raise InputError("study", "must differ between the studies of one call", named[0].study, "Repeat no value.")
    return named


def _differ(runs: list[RunSettings]) -> bool:
    return len({run.study for run in runs}) == len(runs)
