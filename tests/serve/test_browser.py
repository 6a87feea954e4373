"""The local page in a real browser, served as `nas serve` does."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from nas.cli.serve import _report
from nas.serve.app import make_app
from nas.serve.loopback import LOOPBACK, listen
from tests.chromium import launched, needs_chromium
from tests.serve.conftest import make_progress, write_progress

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def address(runs: Path) -> Iterator[str]:
    listening = listen(0)
    server = uvicorn.Server(uvicorn.Config(make_app(runs, _report), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(30)
    listening.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens a page, and fails the test if the console said anything or another machine was asked for something."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_page(path: str, **options) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


def test_the_live_page_follows_the_search(visit, runs: Path, study: Path) -> None:
    page = visit("/study/live")
    assert "12 of 40 trials" in page.locator("main").inner_text()
    assert page.locator(".chart path.curve").count() > 0
    write_progress(runs / "live", make_progress(study, num_done=13))
    page.get_by_text("13 of 40 trials").wait_for(timeout=20_000)


def test_from_the_list_to_a_comparison_and_a_report(visit) -> None:
    page = visit("/")
    page.get_by_label("Compare one").check()
    page.get_by_label("Compare two").check()
    page.get_by_role("button", name="Compare the chosen ones").click()
    assert page.locator("h1").inner_text() == "Side by side" and page.locator(".charts .chart").count() == 2
    page.get_by_role("link", name="one").click()
    page.get_by_role("link", name="Open the report").click()
    page.locator(".plot .point.front").first.click()
    assert page.locator(".card:visible").count() == 1, "the report's own script runs, and no other"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/study/live", "/compare?study=one&study=two"])
def test_axe_finds_nothing_serious(visit, path: str, scheme: str) -> None:
    page = visit(path, color_scheme=scheme, bypass_csp=True)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["help"]) for one in found if one["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("path", ["/", "/study/live", "/study/strange", "/compare?study=one&study=two"])
def test_a_phone_needs_no_scrolling_sideways(visit, path: str) -> None:
    assert visit(path, viewport={"width": 390, "height": 844}).evaluate("document.documentElement.scrollWidth") == 390
