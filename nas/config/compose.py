"""Composition: YAML files and the command line merged by Hydra into plain data."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nas.config.folder import OWN_SPACE, PRIMARY, PROXY_TARGET, find_conf
from nas.config.keys import WHOLE_GROUPS
from nas.config.overrides import quoted
from nas.config.settings import RunSettings
from nas.config.user_file import call_in
from nas.errors import InputError, NasError, unknown

_FRAGMENT = re.compile(r"(?<=duplicate key ).*|'(?!<)[^']{2,}'")
"""What PyYAML quotes from a file."""


def compose_document(overrides: Sequence[str], config_dir: Path | None = None) -> dict[str, Any]:
    """All settings as plain data, unchecked.

    The files are composed without a schema: `nas.config.read` checks keys and types, of files and of the
    command line, with one form of message. Hydra's job features (output folders, logging, `chdir`) are not used.

    Args:
        overrides: in Hydra's grammar.
        config_dir: a folder with further files, searched after the shipped folder.

    Raises:
        InputError: YAML cannot be parsed, a key is set twice, or a value would run code.
    """
    _store_choices_without_files()
    path = [f"hydra.searchpath=[{quoted(f'file://{config_dir.resolve()}')}]"] if config_dir else []
    with _one_line_errors():
        with initialize_config_dir(config_dir=str(find_conf()), version_base="1.3"):
            composed = compose(PRIMARY, overrides=[*path, *overrides])
        _refuse_code(OmegaConf.to_container(composed), "")
        document = OmegaConf.to_container(OmegaConf.merge(_defaults(), composed), resolve=True)
    assert isinstance(document, dict)
    return {str(key): value for key, value in document.items()}


def _store_choices_without_files() -> None:
    store = ConfigStore.instance()
    store.store(group="space", name=OWN_SPACE, node={"attribute": None, "options": {}})
    store.store(group="target", name=PROXY_TARGET, node={"target": None}, package="_global_")


def _defaults() -> DictConfig:
    """The defaults of the classes, without those groups whose files hold all of their settings."""
    document = asdict(RunSettings())
    return OmegaConf.create({key: value for key, value in document.items() if key not in WHOLE_GROUPS})


def _refuse_code(node: Any, where: str) -> None:
    """Refuse values that name code, or that would copy a secret of the environment into the study folder."""
    if isinstance(node, dict):
        for key, value in node.items():
            inner = f"{where}.{key}" if where else str(key)
            if key == "_target_":
                raise InputError(inner, "must not be used; settings run no code", value, "Remove it.")
            _refuse_code(value, inner)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            _refuse_code(value, f"{where}[{index}]")
    elif isinstance(node, str) and call_in(node):
        allowed = "may refer to another key, as ${seed} does, but call nothing"
        raise InputError(where, allowed, node, "Write the value itself.")


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{mark.name}:{mark.line + 1}" if mark else "configuration"
        problem = _FRAGMENT.sub("...", getattr(error, "problem", None) or "something else")
        raise InputError(place, "must be YAML", problem) from None
    except UnicodeDecodeError:
        raise NasError("configuration: must be YAML files in UTF-8. Save them in this encoding.") from None
    except RecursionError:
        raise NasError("configuration: must not be nested hundreds of levels deep. Write fewer brackets.") from None
    except MissingConfigException as error:
        raise _missing_choice(error) from None
    except OSError as error:
        raise NasError(f"configuration: {error.filename} cannot be read ({error.strerror}).") from None
    except (HydraException, OmegaConfBaseException) as error:
        raise NasError(f"configuration: {_first_sentence(error)}") from None


def _missing_choice(error: MissingConfigException) -> InputError:
    """For a file that a user's `defaults` name; Hydra would list every folder that it searched."""
    missing = str(error.missing_cfg_file)
    if not error.options:
        return InputError("defaults list", "must name files that exist", missing)
    group, _, name = missing.rpartition("/")
    return unknown(f"defaults list: {group}", name, error.options, "choice")


def _first_sentence(error: Exception) -> str:
    """The message of Hydra or OmegaConf and of its cause, without their notes for programmers."""
    messages = [str(part) for part in (error, error.__cause__) if part is not None]
    return "; ".join(
        dict.fromkeys(" ".join(re.split(r"\n +(?:full_key|object_type)", text)[0].split()) for text in messages)
    )
