"""The photographs of pages, taken of small ones."""

from pathlib import Path

import numpy as np
import pytest
import screenshots
from PIL import Image

from nas.config.load import load_settings
from nas.report.page.document import report_html
from tests.chromium import needs_chromium
from tests.fronts import make_baseline, make_front, make_point
from tests.records import make_record, trained_trial


@pytest.fixture
def report(tmp_path: Path) -> Path:
    front = make_front(points=(make_point(2, 2.1, 0.5, 0.4),), baselines=(make_baseline(0, 2.4), make_baseline(1, 2.3)))
    trials = [trained_trial(number, 2.6, 2.5, 2.4) for number in range(3)]
    path = tmp_path / "report.html"
    path.write_text(report_html(make_record(front, trials)))
    return path


def brightness(path: Path) -> float:
    with Image.open(path) as picture:
        return float(np.asarray(picture.convert("L"), dtype=float).mean())


class TestPhotographs:
    pytestmark = needs_chromium

    def test_a_report_is_photographed_in_light_in_dark_and_on_a_phone(self, report: Path, tmp_path: Path) -> None:
        with screenshots.launched() as browser:
            screenshots.photograph_report(browser, report, tmp_path)
        sizes = {}
        for name in ("report", "report-dark", "report-phone"):
            with Image.open(tmp_path / f"{name}.png") as picture:
                sizes[name] = picture.size
        assert sizes["report"][0] == screenshots.DESKTOP["width"] and sizes["report"][1] > 900
        assert sizes["report-phone"] == (screenshots.PHONE["width"], screenshots.PHONE["height"])
        assert brightness(tmp_path / "report.png") > 200 > 80 > brightness(tmp_path / "report-dark.png")


@pytest.mark.parametrize("search", [*screenshots.ENDED, screenshots.RUNNING])
def test_the_searches_are_understood(search: str) -> None:
    words = screenshots.searching(search)
    [settings] = load_settings(words[words.index("search") + 1 :])
    assert (settings.num_trials, settings.tracking.mode) == (12, "none")
