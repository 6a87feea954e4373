"""What is shipped, and that it runs where no checkout is."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def build(kind: str, source: Path, folder: Path) -> Path:
    """Build one distribution with the backend that is installed, so that nothing is downloaded."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source distribution, as a package index would."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (source,) = unpacked.iterdir()
    return build("wheel", source, tmp_path_factory.mktemp("wheel"))


def tops(names: list[str]) -> set[str]:
    return {PurePosixPath(name).parts[0] for name in names}


def test_the_wheel_holds_the_packages_and_the_configuration_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {top for top in tops(names) if not top.endswith(".dist-info")} == {"nas"}
    assert "nas/py.typed" in names
    shipped = {f"nas/conf/{file.relative_to(ROOT / 'conf').as_posix()}" for file in (ROOT / "conf").rglob("*.yaml")}
    assert shipped
    assert {name for name in names if name.startswith("nas/conf/")} == shipped


def test_the_wheel_holds_every_module(wheel: Path) -> None:
    modules = {file.relative_to(ROOT).as_posix() for file in (ROOT / "nas").rglob("*.py")}
    modules |= {f"nas/search_spaces/{file.name}" for file in (ROOT / "search_spaces").glob("*.py")}
    assert {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")} == modules


def test_the_sdist_can_be_built_and_tested_from(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = ["/".join(PurePosixPath(name).parts[1:]) for name in archive.getnames()]
    assert {"nas", "search_spaces", "conf", "tests", "Makefile", "constraints.txt", "LICENSE"} <= tops(names)
    assert {"SECURITY.md", "CITATION.cff", ".editorconfig", ".pre-commit-config.yaml"} <= tops(names)
    assert not {"runs", ".venv", "dist"} & tops(names)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a virtual environment with the wheel in it.

    The wheel's requirements are lent by the environment that runs the tests: a path file names its
    site-packages, whose own path files (that of an editable nas among them) Python then does not read.
    That is enough to show that the wheel is whole, and needs no network.
    """
    place = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    lent = place / "lib" / version / "site-packages" / "lent.pth"
    lent.write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


SPACES = """
from importlib.util import find_spec
from nas.space.load import load_space

assert find_spec("search_spaces") is None
shipped = type(load_space("search_spaces.hybrid:Hybrid", {}))
(own := __import__("pathlib").Path("search_spaces")).mkdir()
(own / "mine.py").write_text("class Mine:\\n    def sample(self, suggest, shape): ...\\n")
load_space("search_spaces.mine:Mine", {})
assert type(load_space("search_spaces.hybrid:Hybrid", {})) is shipped
print(__import__("nas").__file__, __import__("sys").modules[shipped.__module__].__file__)
"""


def test_the_wheel_finds_its_spaces_and_leaves_their_name_to_the_user(installed: Path, tmp_path: Path) -> None:
    run = [str(installed / "python"), "-c", SPACES]
    found = subprocess.run(run, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True).stdout
    nas, hybrid = (Path(name) for name in found.split())
    assert hybrid == nas.parent / "search_spaces" / "hybrid.py"
    assert nas.is_relative_to(installed.parent)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def test_the_wheel_searches_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    command = [str(installed / "nas"), "search", "preset=smoke"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Pareto front of smoke" in done.stdout
    assert (tmp_path / "runs" / "smoke" / "front.json").is_file()
    assert (tmp_path / "runs" / "smoke" / "report.html").is_file(), "its templates are in the wheel"
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]  # no output folders of other libraries
