"""`make quick` runs what a change concerns."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.affected import affected

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("nas/search/scheduler/halving.py", "tests/search"),  # its own room, whole
        ("nas/search/scheduler/halving.py", "tests/cli/test_show.py"),  # runs searches
        ("nas/search/scheduler/halving.py", "tests/ground_truth/test_build.py"),  # in a process of its own
        ("nas/cli/search.py", "tests/test_readme.py"),  # python -m nas.cli.main
        ("nas/tracking/rebuild.py", "tests/tracking"),
        ("nas/proxy/training/schedule.py", "tests/test_light_imports.py"),  # python -c "import ..."
        ("nas/search/scheduler/long_gone.py", "tests/search"),
        ("search_spaces/hybrid.py", "tests/space"),
        ("nas/errors.py", "tests/test_face_errors.py"),
        ("tests/strategies.py", "tests/attention/pieces/test_plan.py"),
        ("tests/cli/conftest.py", "tests/cli/test_show.py"),
        ("tests/cli/test_show.py", "tests/cli/test_show.py"),
        ("benchmarks/search_cost.py", "tests/benchmarks/test_search_cost.py"),
        ("benchmarks/search_methods/asha.py", "tests/benchmarks/search_methods/test_catalog.py"),
        ("docs/costs.md", "tests/costs/test_documentation.py"),
        ("conf/preset/smoke.yaml", "tests/config"),
        ("Makefile", "tests/packaging/test_setup.py"),
    ],
)
def test_a_change_concerns_what_reads_it(changed: str, expected: str) -> None:
    assert expected in affected([changed])


def test_other_rooms_are_left_alone() -> None:
    found = affected(["nas/cli/draw.py"])
    assert {"tests/cli", "tests/search/test_crash.py"} <= set(found), "its own room, and what starts nas as a process"
    assert not any(path.startswith(("tests/attention", "tests/costs", "tests/cli/")) for path in found)


def test_no_change_concerns_no_test() -> None:
    assert affected([]) == []


def test_a_commit_can_be_named() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no repository, as in a source distribution")
    command = [sys.executable, "tests/affected.py", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert all((ROOT / path).exists() for path in done.stdout.splitlines())
