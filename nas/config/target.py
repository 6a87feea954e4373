"""Targets by name or file, read without Hydra, as `nas cost` needs no other configuration."""

from pathlib import Path

import yaml

from nas.config.folder import PROXY_TARGET, check_choice, find_conf
from nas.config.model_config import names_a_file, read_model_config
from nas.config.read import read_settings
from nas.costs.target import Target


def load_target(name: str) -> Target | None:
    """A shipped target by its name, a file in `conf/target/`, or one from a config.json; None for the proxy itself.

    Raises:
        InputError: there is no such target, and the message names the nearest; or the config.json cannot be read.
    """
    if name == PROXY_TARGET:
        return None
    if names_a_file(name):
        return read_model_config(Path(name))
    check_choice("target", name)
    text = (find_conf() / "target" / f"{name}.yaml").read_text(encoding="utf-8")
    return read_settings(Target, yaml.safe_load(text), "target")
