"""`make setup`: what it installs, and that it does so once."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}


def test_everything_that_is_installed_by_name_is_pinned_to_a_release_that_fits() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = constraints()
    for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(pins[requirement.name.lower()]), line


def test_pins_name_no_build_of_one_machine() -> None:
    assert [name for name, version in constraints().items() if "+" in version] == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout as it looks after `make setup`."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "installed").touch()
    return tmp_path


def would_install(checkout: Path) -> bool:
    command = ["make", "--dry-run", "setup"]
    return "pip install" in subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout


def test_a_second_setup_installs_nothing(checkout: Path) -> None:
    assert not would_install(checkout)


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_requirement_installs_again(checkout: Path, name: str) -> None:
    later = (checkout / ".venv" / "installed").stat().st_mtime + 10
    os.utime(checkout / name, (later, later))
    assert would_install(checkout)


def test_continuous_integration_runs_the_test_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()


def test_commits_are_checked_by_the_tools_that_make_setup_installs() -> None:
    """So their releases are pinned once, in constraints.txt."""
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = {hook["entry"].removeprefix(".venv/bin/").removesuffix(" --fix") for hook in local["hooks"]}
    lint = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert lint is not None
    assert hooks == {re.sub(r" \.$| --check \.$", "", line) for line in re.findall(r"\$\(BIN\)/(.*)", lint[1])}


def test_every_file_with_a_slow_test_is_read_for_slow_tests() -> None:
    """The Makefile finds them by their text: by the mark, or by the one name under which a module hands it on."""
    elsewhere = {
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        if not path.name.startswith("test_") and "mark.slow" in path.read_text(encoding="utf-8")
    }
    assert elsewhere == {"chromium.py"}
    assert "'mark\\.slow|needs_chromium'" in (ROOT / "Makefile").read_text()
