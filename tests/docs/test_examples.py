"""The reports that are kept as examples: whole pages, small, offline, and linked."""

import re

import pytest

from tests.docs.fences import ROOT

EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.html"))
MOST_BYTES = 3_000_000


def test_there_is_the_default_search() -> None:
    assert "default-search.html" in [path.name for path in EXAMPLES]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_page_that_loads_nothing(path) -> None:
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < MOST_BYTES
    assert text.startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    assert "default-src &#39;none&#39;" in text
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text), "it would ask for something else"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_names_no_folder_of_the_machine_that_made_it(path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(?:tmp|home|root|work|Users)/", text)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_linked(path) -> None:
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    assert any(f"examples/{path.name})" in page.read_text(encoding="utf-8") for page in pages)
