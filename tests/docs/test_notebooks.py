"""The notebooks run from their first cell to their last, as Jupyter would run them, and are kept without outputs.

A plain loop over the cells: a kernel, its client and their sockets would be twenty packages for the same.
"""

import ast
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import matplotlib
import pytest
import torch

from nas.cli.main import main
from tests.docs.fences import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def cells(notebook: Path) -> list[dict[str, Any]]:
    document = json.loads(notebook.read_text(encoding="utf-8"))
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    return document["cells"]


def run(source: str, where: str, names: dict[str, object]) -> str:
    """Run a cell.

    Returns:
        what a notebook would show of its last expression: HTML where the value has such a form, else its repr; empty
            if it ends in a statement or a semicolon.
    """
    if source.startswith("!"):
        program, *words = shlex.split(source[1:])
        assert program == "nas" and main(words) == 0, where
        return ""
    tree = ast.parse(source, where)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";") else None
    exec(compile(tree, where, "exec"), names)
    torch.set_num_threads(1)  # a study leaves it with all cores, where small steps mostly wait for threads
    if last is None:
        return ""
    assert isinstance(last, ast.Expr)
    value = eval(compile(ast.Expression(last.value), where, "eval"), names)
    shown = getattr(value, "_repr_html_", lambda: None)()
    return shown or repr(value)


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs(notebook: Path, in_tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    matplotlib.use("agg")
    names: dict[str, object] = {}
    shown = [
        run("".join(cell["source"]), f"{notebook.name}:{cell['id']}", names)
        for cell in cells(notebook)
        if cell["cell_type"] == "code"
    ]
    sys.modules.pop("attention_pattern", None)
    assert sum("<" in one for one in shown) >= 3, "a front, a table and a pattern show themselves"
    assert shown[-1] == "True"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs(notebook: Path) -> None:
    """They would differ with every processor and every version of matplotlib."""
    for cell in cells(notebook):
        assert not cell.get("outputs") and cell.get("execution_count") is None, cell["id"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_the_links_of_a_notebook_lead_somewhere(notebook: Path) -> None:
    text = "".join("".join(cell["source"]) for cell in cells(notebook) if cell["cell_type"] == "markdown")
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert (notebook.parent / link).exists(), link
