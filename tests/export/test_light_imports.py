"""Help and exports without generated code load none of the libraries that take seconds to import."""

import subprocess
import sys
from pathlib import Path

from nas.export import FORMATS

HEAVY = ("torch", "lightning", "optuna", "transformers", "scipy", "wandb")
GENERATED = ("flex", "torch", "transformers")
"""Formats whose module is run for its check, which takes torch."""

CHECK = f"""
import sys

def check(*more):
    loaded = [name for name in {HEAVY!r} + more if name in sys.modules]
    assert not loaded, loaded
"""

HELP = """
from nas.cli.main import main

assert main(["export", "--help"]) == 0 and main(["verify", "--help"]) == 0
check("matplotlib")
"""

EXPORT = """
from pathlib import Path

from nas.export import FORMATS, export_points, verify_bundle
from nas.export.contract.export_format import Library
from tests.supported_patterns import SETTINGS, example_point

names = sys.argv[2:]
for name in names:
    point, settings = example_point(name), SETTINGS[name]
    files = FORMATS[name].write(point.pattern, point.provenance, settings)
    assert FORMATS[name].check(files, point.pattern)
check("matplotlib")
for name in names:
    folder = Path(sys.argv[1]) / name
    assert export_points([example_point(name)], name, folder, settings=SETTINGS[name])
    if not isinstance(FORMATS[name].library, Library):
        verify_bundle(folder)
check()
"""

WRITE = """
from nas.export import FORMATS
from tests.supported_patterns import SETTINGS, example_point

for name in sys.argv[1:]:
    point = example_point(name)
    assert FORMATS[name].write(point.pattern, point.provenance, SETTINGS[name])
check("matplotlib")
"""


def _run(script: str, *arguments: str) -> None:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", CHECK + script, *arguments], check=True, timeout=120, cwd=root)


def test_help_is_light():
    _run(HELP)


def test_exports_without_generated_code_are_light(tmp_path):
    """The picture needs matplotlib, and only writing a bundle draws it."""
    _run(EXPORT, str(tmp_path), *(name for name in FORMATS if name not in GENERATED))


def test_writing_a_module_does_not_load_what_it_is_for():
    _run(WRITE, *GENERATED)
