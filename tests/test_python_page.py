"""docs/python.md: every snippet runs as it stands, in the order of the page."""

import re
from dataclasses import fields
from pathlib import Path

import pandas
import pytest

import nas
from nas.config.keys import all_keys

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_snippet_runs(in_tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(compile(block, "docs/python.md", "exec"), names)
    assert (in_tmp_path / "runs" / "first" / "front.json").is_file()
    assert (in_tmp_path / "pattern.png").read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out
    assert nas.label(nas.read_front("runs/first").points[0].pattern) in shown
    table = names["table"]
    assert isinstance(table, pandas.DataFrame)
    told = set(re.findall(r"`(\w+)`", PAGE.partition("| column |")[2].partition("\n\n")[0]))
    assert told <= set(table.columns)


def test_settings_have_the_names_of_the_command_line() -> None:
    keys = {key.partition(".")[0] for key in all_keys()}
    assert {field.name for field in fields(nas.StudySettings)} <= keys
