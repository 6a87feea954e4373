"""docs/spaces.md says what the software does: its module is made, its session is run, its table is compared."""

import doctest
import importlib
import re
import sys
from pathlib import Path

import pytest

from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape
from search_spaces.hybrid import Hybrid

PAGE = (Path(__file__).parents[2] / "docs" / "spaces.md").read_text(encoding="utf-8")


def test_the_example_space_works_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (module,) = re.findall(r"```python\n# my_space.py\n(.*?)```", PAGE, re.DOTALL)
    (session,) = re.findall(r"```pycon\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "my_space.py").write_text(module)
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()
    try:
        examples = doctest.DocTestParser().get_doctest(session, {}, "docs/spaces.md", None, 0)
        assert doctest.DocTestRunner().run(examples).failed == 0
    finally:
        sys.modules.pop("my_space", None)


def test_the_table_shows_the_default_options() -> None:
    suggest = RandomSuggester(0)
    offered: dict[str, list[str]] = {}

    class Recorder(RandomSuggester):
        def choice(self, name, options):  # type: ignore[no-untyped-def]
            offered[name.removeprefix("layer0.")] = [str(option) for option in options]
            return suggest.choice(name, options)

    Hybrid().sample(Recorder(0), Shape(num_layers=1, num_heads=4, num_tokens=128, causal=True))
    rows = re.findall(r"^\| `(\w+)`[^|]*\|([^|]*)\|([^|]*)\|$", PAGE, re.MULTILINE)
    shown = {name: (example.strip() or rule.strip()).split(", ") for name, rule, example in rows if name in offered}
    assert shown == offered
