"""Photograph the pages of `nas report` and `nas serve` for the documentation, as `make pictures` does.

    python demos/screenshots.py

The report is the example that docs/report.md links to. What `nas serve` shows are three small searches, made here in a
temporary folder: two that have ended, and one that is running while it is photographed. That takes a minute.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from nas.results.progress import read_progress

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
REPORT = ROOT / "docs" / "examples" / "default-search.html"

CHROMIUM = os.environ.get("NAS_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]

DESKTOP, PHONE = ViewportSize(width=1180, height=900), ViewportSize(width=390, height=844)
SMALL = "preset=smoke num_trials=12 fidelity=off training.num_steps=60 tracking=none workers=1"
ENDED = ("study=hybrid", "study=per_head space=per_head")
RUNNING = "study=longer training.num_steps=240"
LIVE_FROM = 0.6
"""The share of its work after which the running search is photographed."""


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PICTURES, help="the folder that they are written to")
    parser.add_argument("--report", type=Path, default=REPORT, help="the page of a study, as nas report writes it")
    options = parser.parse_args(words)
    if CHROMIUM is None:
        raise SystemExit("There is no Chromium: apt-get install chromium, or set NAS_CHROMIUM.")
    options.out.mkdir(parents=True, exist_ok=True)
    with launched() as browser, tempfile.TemporaryDirectory() as folder:
        photograph_report(browser, options.report, options.out)
        for search in ENDED:
            subprocess.run(searching(search), cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with running(Path(folder)), served(Path(folder)) as address:
            photograph_studies(browser, address, options.out)


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser without a window, and without a network but for what runs on this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def photograph_report(browser: Browser, report: Path, out: Path) -> None:
    """The report in light, in dark beside a second point, and on a phone."""
    with opened(browser, report.as_uri(), "light", DESKTOP) as page:
        keep(page.screenshot(full_page=True), out / "report.png", end_of(page, ".legend"))
    with opened(browser, report.as_uri(), "dark", DESKTOP) as page:
        page.locator(".point.baseline").last.click(modifiers=["Shift"])
        keep(page.locator("#details").screenshot(), out / "report-dark.png")
    with opened(browser, report.as_uri(), "light", PHONE) as page:
        keep(page.screenshot(), out / "report-phone.png")


def photograph_studies(browser: Browser, address: str, out: Path) -> None:
    """The list of studies, one that is running, and two side by side."""
    names = "&".join(search.split()[0] for search in ENDED)
    pages: dict[str, tuple[str, Literal["light", "dark"]]] = {
        "serve.png": ("", "light"),
        "serve-live.png": ("study/longer", "dark"),
        "serve-compare.png": (f"compare?{names}", "light"),
    }
    for name, (path, scheme) in pages.items():
        with opened(browser, address + path, scheme, DESKTOP) as page:
            keep(page.screenshot(full_page=True), out / name)


@contextmanager
def opened(browser: Browser, url: str, scheme: Literal["light", "dark"], size: ViewportSize) -> Iterator[Page]:
    context = browser.new_context(color_scheme=scheme, viewport=size, reduced_motion="reduce")
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def end_of(page: Page, selector: str) -> float:
    """Where the first such element ends, in pixels from the top of the page, with a small margin."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"] + box["height"] + 6


def keep(png: bytes, path: Path, height: float | None = None) -> None:
    """In 256 colours, which makes a third of the bytes and no visible difference; cut at a height in pixels."""
    with Image.open(BytesIO(png)) as picture:
        cut = picture.convert("RGB").crop((0, 0, picture.width, int(min(height or picture.height, picture.height))))
    cut.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def searching(settings: str) -> list[str]:
    return [sys.executable, "-m", "nas.cli.main", "search", *SMALL.split(), *settings.split()]


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """A search that is well under way, stopped afterwards."""
    process = subprocess.Popen(searching(RUNNING), cwd=folder, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        study = folder / "runs" / "longer"
        while (progress := read_progress(study)) is None or progress.share_done < LIVE_FROM:
            if process.poll() is not None:
                raise SystemExit(f"The search ended before it was photographed: {' '.join(searching(RUNNING))}")
            time.sleep(0.5)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """`nas serve` over the folder; its address."""
    command = [sys.executable, "-m", "nas.cli.main", "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        yield re.search(r"http://\S+", said)[0]  # type: ignore[index]
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
