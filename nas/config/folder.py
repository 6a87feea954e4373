"""Folders of YAML files, shipped and the user's, and the choices that they offer."""

from pathlib import Path

from nas.config.user_file import check_user_file
from nas.errors import InputError, NasError, unknown

PRIMARY = "config"
"""Name of the main file, whose defaults list names the others."""

OWN_SPACE = "own"
"""The choice of `space` for a class of the user, written as `space=module:attribute`."""

PROXY_TARGET = "proxy"
"""The choice of `target` for the proxy itself, whatever its sizes; it needs no file."""


def find_conf() -> Path:
    """The shipped configuration folder: inside the package in a wheel, next to it in a checkout.

    Raises:
        NasError: it is missing, so the installation is broken.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / f"{PRIMARY}.yaml").is_file():
            return folder
    raise NasError(f"installation: no conf folder in or next to {package}. Install nas again.")


def choices(group: str, config_dir: Path | None = None) -> list[str]:
    """The values that `group=` takes: the names of the shipped files, then of the user's own.

    Args:
        group: a folder of the configuration, such as `space`.
        config_dir: a folder of the user, laid out like the shipped one.
    """
    folders = [find_conf()] + ([config_dir] if config_dir else [])
    files = [file.stem for folder in folders for file in sorted((folder / group).glob("*.yaml"))]
    return [PROXY_TARGET, *files] if group == "target" else files


def check_choice(key: str, name: str, config_dir: Path | None = None) -> None:
    """Refuse a choice that no file defines.

    Raises:
        InputError: no such choice; the message names the nearest.
    """
    known = choices(key, config_dir)
    if name not in known:
        raise unknown(key, name, known, "choice")


def check_config_dir(config_dir: Path) -> None:
    """Refuse a folder that Hydra would read only in part or not at all, or that would set Hydra itself.

    Hydra looks into the shipped folder first, so a file of the same name would be silently ignored.

    Raises:
        InputError: there is no such folder; it has a folder `hydra`; a file has the name of a shipped choice, or is
            more than plain settings (`check_user_file`).
    """
    if not config_dir.is_dir():
        raise InputError("--config-dir", "must be a folder", str(config_dir))
    if (config_dir / "hydra").exists():
        raise InputError("--config-dir", "must not set Hydra itself", "hydra", "Remove this folder.")
    shipped = [file.relative_to(find_conf()) for file in sorted(find_conf().rglob("*.yaml"))]
    for name in (*shipped, Path("space", f"{OWN_SPACE}.yaml"), Path("target", f"{PROXY_TARGET}.yaml")):
        if (config_dir / name).exists():
            raise InputError("--config-dir", "must not repeat the name of a shipped file", str(name), "Rename it.")
    for group in (folder.name for folder in find_conf().iterdir() if folder.is_dir()):
        for file in sorted((config_dir / group).glob("*.yaml")):
            if file.is_file():  # Hydra looks at nothing else, not at a pipe either
                check_user_file(file)
