"""The documentation site: Sphinx reads the Markdown of this repository as it is (`make docs`, decision 27).

No page holds syntax of Sphinx, so a forge shows the same text. The sidebar is the list of `docs/index.md`.
"""

import re
import shutil
from pathlib import Path, PurePosixPath

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
CONTENTS = ("docs/index", "docs/decisions/README")
"""Pages whose links are chapters of the sidebar."""
EXAMPLES = "docs/examples"
"""Reports of studies, which the site has as they are, to be opened and not downloaded."""

project = "nas"
author = "the authors of nas"
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**"]
exclude_patterns = [".*", "runs", "site", "docs/conf.py", "docs/pictures", "docs/schema", "docs/notebooks", EXAMPLES]
extensions = ["myst_parser"]
myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]  # <img width=...> of a page becomes a file of the site

smartquotes = False  # two hyphens are an option of a command, not a dash

html_theme = "furo"
html_title = "nas"
html_copy_source = False
html_show_copyright = False
html_show_search_summary = False  # would fetch the pages found, which a browser refuses to a page of a file system


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _adapt)
    app.connect("build-finished", _write_entrance)
    app.connect("build-finished", _copy_examples)


def _adapt(app: Sphinx, page: str, source: list[str]) -> None:
    """What a site needs and a forge does not: the sidebar, links that open examples, and none to folders."""
    source[0] = re.sub(r"\[([^][]+)\]\(((?:[\w./-]+/)?examples/[\w-]+\.html)\)", r'<a href="\2">\1</a>', source[0])
    source[0] = re.sub(r"\[([^][]+)\]\(([^():#]+)\)", lambda link: _without_folder(page, link), source[0])
    if page in CONTENTS:
        source[0] += _sidebar(source[0])


def _without_folder(page: str, link: re.Match[str]) -> str:
    return link[1] if (ROOT / PurePosixPath(page).parent / link[2]).is_dir() else link[0]


def _sidebar(text: str) -> str:
    """A hidden table of contents for each heading, of the pages that the list or the table under it links to."""
    chapters = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    named = [("", chapters[0]), *zip(chapters[1::2], chapters[2::2], strict=True)]
    return "".join(_chapter(heading, pages) for heading, body in named if (pages := _pages(body)))


def _pages(text: str) -> list[str]:
    """Entries of a list go by the text of their link; rows of decisions, which link a number, by the page's title."""
    listed = re.findall(r"^- \[([^]]+)\]\(([^():#]+)\.md\)", text, flags=re.MULTILINE)
    rows = re.findall(r"^\| \[[^]]+\]\(([^():#]+)\.md\)", text, flags=re.MULTILINE)
    return [*(f"{title} <{page}>" for title, page in listed), *rows]


def _chapter(heading: str, pages: list[str]) -> str:
    caption = f":caption: {heading}\n" if heading else ""
    return f"\n\n```{{toctree}}\n:hidden:\n{caption}\n" + "\n".join(pages) + "\n```\n"


def _write_entrance(app: Sphinx, error: Exception | None) -> None:
    """The root of the site leads to its first page."""
    to = f"{root_doc}.html"
    entrance = (
        f'<!doctype html><title>nas</title><meta http-equiv="refresh" content="0; url={to}"><a href="{to}">nas</a>\n'
    )
    (Path(app.outdir) / "index.html").write_text(entrance, encoding="utf-8")


def _copy_examples(app: Sphinx, error: Exception | None) -> None:
    there = Path(app.outdir) / EXAMPLES
    there.mkdir(parents=True, exist_ok=True)
    for page in (ROOT / EXAMPLES).glob("*.html"):
        shutil.copy(page, there)
