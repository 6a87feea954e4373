"""Which tests a change concerns: folders and files, one a line, for `make quick`.

    python tests/affected.py         # what changed since this branch left main
    python tests/affected.py HEAD~3  # or since another commit

A module of `nas` concerns the tests of its room, and every test file that imports it: directly or through other
modules, helpers and conftest files. A module named in a string counts as imported, since tests start processes with
`python -m nas.cli.main` or `python -c "import nas.results"`. Any other file concerns the test files that name it or
its folder. An installed `nas` command is not followed; `make test` runs everything.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNNAMED = {"conf": "tests/config"}
"""Tests that read a folder without naming it."""
_MODULE = re.compile(r"\bnas(?:\.\w+)+")


def main() -> None:
    since = sys.argv[1] if len(sys.argv) > 1 else _where_this_branch_began()
    changed = _git("diff", "--name-only", since) + _git("ls-files", "--others", "--exclude-standard")
    for path in affected(changed):
        print(path)


def affected(changed: Iterable[str]) -> list[str]:
    """Folders and files of tests that a change concerns, as pytest takes them.

    Args:
        changed: paths from the root of the repository; the files may be gone.
    """
    code = {path for path in changed if path.endswith(".py")}
    found = {test for test in _importers(code) if _is_test(test)} | {_room(path) for path in code}
    for path in set(changed) - code:
        found |= {test for test in _files() if _is_test(test) and _names(test, path)}
        found.add(UNNAMED.get(Path(path).parts[0], ""))
    found = {path for path in found if path and (ROOT / path).exists()}
    return sorted(path for path in found if not found & set(map(str, Path(path).parents)))


def _room(path: str) -> str:
    """The tests that stand beside a module."""
    parts = Path(path).parts
    if parts[0] == "search_spaces":
        return "tests/space"
    return f"tests/{parts[1]}" if parts[0] == "nas" and len(parts) > 2 else ""


def _names(test: str, path: str) -> bool:
    """Whether a test's text has the name of a file, or of the top folder that it is in, as a word of a path."""
    parts = Path(path).parts
    words = f"{re.escape(parts[0])}|{re.escape(parts[-1])}"
    return re.search(rf"""["'/]({words})["'/]""", (ROOT / test).read_text(encoding="utf-8")) is not None


def _importers(code: set[str]) -> set[str]:
    """These files and all that import them, at any distance."""
    reached, grown = set[str](), set(code)
    while grown:
        reached |= grown
        grown = {path for path in _files() if path not in reached and _imports(path) & grown}
    return reached


@cache
def _files() -> dict[str, str]:
    """The name under which each Python file of this repository is imported, by its path."""
    paths = [path.relative_to(ROOT) for top in ("nas", "search_spaces", "tests") for path in (ROOT / top).rglob("*.py")]
    names = {str(path): ".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths}
    scripts = ROOT / "benchmarks"
    paths = [path.relative_to(scripts) for path in scripts.rglob("*.py")]
    return names | {
        f"benchmarks/{path}": ".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths
    }


@cache
def _imports(path: str) -> set[str]:
    """The files that a file imports; for tests also the modules that strings name, and the conftest files above."""
    names = set[str]()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and path.startswith("tests/"):
            names |= set(_MODULE.findall(node.value))
    above = {str(parent / "conftest.py") for parent in Path(path).parents if _is_test(path)}
    return {file for file, name in _files().items() if name in names or file in above}


def _is_test(path: str) -> bool:
    return path.startswith("tests/") and Path(path).name.startswith("test_")


def _where_this_branch_began() -> str:
    for main_branch in ("origin/main", "main"):
        found = subprocess.run(["git", "merge-base", "HEAD", main_branch], cwd=ROOT, capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.strip()
    raise SystemExit("tests/affected.py: there is no branch main to compare with; name a commit.")


def _git(*words: str) -> list[str]:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


if __name__ == "__main__":
    main()
