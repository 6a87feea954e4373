"""What a release depends on: pinned, under licences that allow its use, and listed in a bill of materials."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.packaging.test_setup import constraints

ROOT = Path(__file__).parents[2]
PROJECT = "nas-attention"

PERMISSIVE = re.compile(
    r"apache|bsd|\bmit\b|expat|isc\b|python software foundation|psf|\b0bsd\b|zlib|unlicense|public domain|cc0|hpnd|"
    r"mozilla|mpl-?2|historical permission|boost|zero-clause|sleepycat|mpich",
    re.IGNORECASE,
)
"""Licences that allow use, change and sale without having to license one's own work alike. MPL-2 does so by file."""
READ: dict[str, str] = {
    # What a package's metadata does not say, read in the files that it ships.
}


def needed(name: str, extras: frozenset[str] = frozenset()) -> dict[str, Distribution | None]:
    """The packages that one needs, itself included, by normalised name, without those that this platform leaves out.

    None for one that is not installed.
    """
    found: dict[str, Distribution | None] = {}
    asked: set[tuple[str, frozenset[str]]] = set()

    def visit(name: str, extras: frozenset[str]) -> None:
        key = re.sub(r"[-_.]+", "-", name).lower()
        if (key, extras) in asked:
            return
        asked.add((key, extras))
        try:
            package = found[key] = distribution(name)
        except PackageNotFoundError:
            found[key] = None
            return
        for line in package.requires or ():
            wanted = Requirement(line)
            environments = [{"extra": extra} for extra in (*extras, "")]
            if wanted.marker is None or any(wanted.marker.evaluate(one) for one in environments):
                visit(wanted.name, frozenset(wanted.extras))

    visit(name, extras)
    return found


def licences(package: Distribution) -> Iterator[str]:
    """Everything that the metadata says of a package's licence."""
    metadata = package.metadata
    for field in ("License-Expression", "License"):
        yield from (metadata.get_all(field) or [])
    yield from (one for one in metadata.get_all("Classifier") or [] if one.startswith("License ::"))


def test_every_package_that_is_installed_for_it_has_the_release_that_is_pinned() -> None:
    """With what only its development needs; a release that is pinned and not used is found by the first test below."""
    pins = constraints()
    installed = needed(PROJECT, frozenset({"dev"}))
    del installed[PROJECT]
    other = {
        name: (package and package.version, pins.get(name))
        for name, package in installed.items()
        if package is None or package.version.partition("+")[0] != pins.get(name)
    }
    assert other == {}, "pin these in constraints.txt, or install again"


def test_everything_that_a_user_installs_may_be_used_and_sold() -> None:
    strange = {}
    for name, package in needed(PROJECT, frozenset({"transformers", "serve", "frames"})).items():
        said = [READ[name]] if name in READ else list(licences(package)) if package else []
        if not any(PERMISSIVE.search(one) for one in said):
            strange[name] = [one[:80] for one in said]
    assert strange == {}


@pytest.mark.slow
def test_the_bill_of_materials_is_valid_and_has_every_package(tmp_path: Path) -> None:
    """Made as CONTRIBUTING.md says for a release, of the environment of the tests."""
    written = tmp_path / "bom.json"
    command = [
        "-m",
        "cyclonedx_py",
        "environment",
        "--pyproject",
        str(ROOT / "pyproject.toml"),
        "--output-reproducible",
    ]
    subprocess.run(
        [sys.executable, *command, "--validate", "--output-format", "JSON", "--output-file", written, sys.executable],
        check=True,
        capture_output=True,
    )
    document = json.loads(written.read_text())
    assert document["bomFormat"] == "CycloneDX" and document["metadata"]["component"]["name"] == PROJECT
    listed = {re.sub(r"[-_.]+", "-", one["name"]).lower(): one for one in document["components"]}
    wanted = needed(PROJECT)
    del wanted[PROJECT]
    for name, package in wanted.items():
        assert package is not None, name
        assert listed[name]["version"] == package.version
        assert listed[name]["purl"].startswith(f"pkg:pypi/{name}@")
    assert {one["ref"] for one in document["dependencies"]} >= {listed["torch"]["bom-ref"], listed["optuna"]["bom-ref"]}
    assert str(tmp_path).encode() not in written.read_bytes() and b"file://" not in written.read_bytes()
