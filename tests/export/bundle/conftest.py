"""A bundle of every format."""

import shutil
from pathlib import Path

import pytest

from nas.export import FORMATS, export_points
from tests.supported_patterns import SETTINGS, example_point


@pytest.fixture(scope="module")
def bundles(tmp_path_factory) -> Path:
    """A bundle of every format, each in a folder of its name."""
    path = tmp_path_factory.mktemp("bundles")
    for name in FORMATS:
        export_points([example_point(name)], name, path / name, settings=SETTINGS[name])
    return path


@pytest.fixture
def bundle(bundles, tmp_path):
    """A copy of a bundle, to be spoilt."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(bundles / name, tmp_path / name))

    return copy
