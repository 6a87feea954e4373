"""The examples of docs/export.md and of the exported README run as they stand."""

import re
import sys
from pathlib import Path

import pytest
import torch

from nas.export import FORMATS, choose_best, export_points

DOCS = Path(__file__).parents[2] / "docs" / "export.md"


def _examples(text: str) -> list[str]:
    """Python blocks, without those that compile: compiling takes a C++ compiler and minutes."""
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    return [block for block in blocks if "torch.compile" not in block]


@pytest.fixture
def exported(front, tmp_path, monkeypatch):
    """A folder with every format's files, from which the examples are run."""
    for name in FORMATS:
        export_points([choose_best(front, "knee")], name, tmp_path, force=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("attention_pattern", None)


def test_the_examples_of_the_docs_run(exported):
    examples = _examples(DOCS.read_text())
    assert len(examples) == 2
    for example in examples:
        exec(example, {})


def test_the_docs_name_every_format():
    assert re.findall(r"^### `(.*)`$", DOCS.read_text(), flags=re.MULTILINE) == list(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_usage_of_every_format_runs(exported, name):
    q = torch.randn(1, 2, 16, 8)
    examples = _examples(FORMATS[name].usage)
    assert examples
    for example in examples:
        exec(example, {"q": q, "k": q, "v": q})
