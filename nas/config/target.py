"""Shipped targets by name, read without Hydra, as `nas cost` needs no other configuration."""

import yaml

from nas.config.folder import PROXY_TARGET, check_choice, find_conf
from nas.config.read import read_settings
from nas.costs.target import Target


def load_target(name: str) -> Target | None:
    """A shipped target by its name, a file in `conf/target/`; None for the proxy itself.

    Raises:
        InputError: there is no such target; the message names the nearest.
    """
    if name == PROXY_TARGET:
        return None
    check_choice("target", name)
    text = (find_conf() / "target" / f"{name}.yaml").read_text(encoding="utf-8")
    return read_settings(Target, yaml.safe_load(text), "target")
