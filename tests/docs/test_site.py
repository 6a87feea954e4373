"""`make docs` makes a site of the Markdown that works offline: no warnings, nothing loaded from elsewhere, a search."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.chromium import launched, needs_chromium

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PHONE = ViewportSize(width=390, height=844)

pytestmark = pytest.mark.slow


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """What `make docs` runs, for another source and another folder."""
    (words,) = re.findall(r"sphinx-build (.*) \. site$", MAKEFILE, re.MULTILINE)
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *shlex.split(words), ".", str(out)],
        cwd=source,
        capture_output=True,
        text=True,
    )


class Page(HTMLParser):
    """What a page loads, where its links lead, and which places it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.places = {""}
        self.captions: list[str] = []
        self._in_caption = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.places.add(values.get("id", ""))
        self._in_caption |= values.get("class") == "caption-text"
        if tag == "a":
            self.links.append(values.get("href", ""))
        else:
            self.loaded += [values[name] for name in ("src", "href", "srcset", "data", "poster") if name in values]

    def handle_data(self, data: str) -> None:
        if self._in_caption:
            self.captions.append(data)
        self._in_caption = False


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = build(ROOT, out)
    assert (done.returncode, done.stderr) == (0, "")
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as one:
        yield one


def test_every_page_is_there(site: Path) -> None:
    sources = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    assert len(sources) > 50
    for source in sources:
        assert (site / source.relative_to(ROOT).with_suffix(".html")).is_file()


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    assert pages[site / "docs" / "index.html"].loaded
    for page in pages.values():
        for address in page.loaded:
            assert not urlsplit(address).netloc, f"{page.path}: {address}"
    styles = list(site.rglob("*.css"))
    assert styles
    for style in styles:
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_every_link_inside_leads_to_a_place(pages: dict[Path, Page]) -> None:
    for page in pages.values():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            assert there.is_file(), f"{page.path}: {link}"
            assert there not in pages or unquote(parts.fragment) in pages[there].places, f"{page.path}: {link}"


def test_the_sidebar_has_the_chapters(site: Path, pages: dict[Path, Page]) -> None:
    expected = ["Tutorial", "How-to", "Explanation", "Reference", "Decisions"]
    assert pages[site / "docs" / "costs.html"].captions == expected


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("[gone](gone.md)", "gone"),
        ("[gone](#gone)", "gone"),
        ("![gone](gone.png)", "gone.png"),
    ],
)
def test_a_broken_link_fails_the_build(tmp_path: Path, fault: str, words: str) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", docs)
    (docs / "index.md").write_text(f"# Title\n{fault}\n", encoding="utf-8")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0 and words in done.stderr


def test_a_page_outside_the_contents_fails_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", docs)
    (docs / "index.md").write_text("# Title\n## Tutorial\n- [Listed](listed.md): one\n", encoding="utf-8")
    (docs / "listed.md").write_text("# One\n", encoding="utf-8")
    assert build(tmp_path, tmp_path / "site").returncode == 0
    (docs / "forgotten.md").write_text("# Another\n", encoding="utf-8")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0 and "forgotten.md" in done.stderr


class TestInABrowser:
    pytestmark = needs_chromium

    def test_the_search_works_from_the_file_system(self, browser: Browser, site: Path) -> None:
        page = browser.new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((site / "index.html").as_uri())
        page.wait_for_url("**/docs/index.html")
        page.get_by_label("Search").first.fill("hypervolume")
        page.keyboard.press("Enter")
        page.locator("#search-results li a").filter(has_text="Search cost").wait_for()  # results come one by one
        assert not errors
        assert all(address.startswith("file:") for address in asked)
        page.close()

    def test_no_page_is_wider_than_a_phone(self, browser: Browser, site: Path) -> None:
        page = browser.new_page(viewport=PHONE)
        for path in sorted({*site.rglob("*.html")} - {site / "index.html"}):  # which leads to another page
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        page.close()
