"""The page in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import Browser, ConsoleMessage, Page

from nas.report.page.document import report_html
from nas.results.fidelity import RungAgreement
from nas.results.insight import Level, ParameterEffect, Prediction
from tests.chromium import launched, needs_chromium
from tests.fronts import make_agreement, make_baseline, make_fidelity, make_front, make_point
from tests.records import make_insight, make_record, trained_trial

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with something in every part."""
    points = (make_point(4, 2.1, 0.8, 0.3, front_probability=0.8), make_point(7, 2.11, 0.2, 0.5, front_probability=0.6))
    baselines = (make_baseline(0, 2.4), make_baseline(1, 2.3, 0.4, 0.4, baseline="bigbird"))
    fidelity = replace(make_fidelity(), rungs=(RungAgreement(num_steps=100, num_trials=8, tau={"quality": 0.4}),))
    trials = [
        trained_trial(0, 2.6, 2.5, 2.4, baseline="full"),
        trained_trial(1, 2.6, 2.5, 2.3, baseline="bigbird"),
        trained_trial(2, 2.6, 2.5),
        trained_trial(3, 2.6, 2.5, 2.35, flops=0.6),
        trained_trial(4, 2.6, 2.5, 2.1),
        trained_trial(7, 2.6, 2.5, 2.11),
    ]
    levels = (Level(name="8", mean=2.2, num_trials=3), Level(name="16", mean=2.4, num_trials=3))
    insight = make_insight(
        effects=(ParameterEffect(name="layer0.window_tokens", share=0.6, levels=levels),),
        predictions=tuple(Prediction(trial=n, predicted=2.3, measured=2.2 + n / 10) for n in range(6)),
        accuracy=make_agreement(),
        forecasts={2: 2.35},
    )
    volumes = tuple((trial.number, (place + 1) / 6) for place, trial in enumerate(trials))
    front = make_front(points=points, baselines=baselines, fidelity=fidelity, hypervolume_by_trial=volumes)
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report_html(make_record(front, trials, insight=insight)))
    return path


@pytest.fixture
def visit(browser: Browser, file: Path) -> Iterator[Callable[..., Page]]:
    """Opens the page, and fails the test if the console said anything or the page asked for anything but itself."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def heard(message: ConsoleMessage) -> None:
        said.append(message.text)

    def open_page(**options) -> Page:
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert {url for url in asked if not url.startswith("data:")} == {file.as_uri()}


def _shown(page: Page) -> list[str]:
    return [card.get_attribute("id") for card in page.locator(".card:visible").all()]


def test_a_click_shows_a_point_and_a_second_one_beside_it(visit):
    page = visit()
    assert _shown(page) == ["trial-4"], "the best compromise is shown at first"
    page.locator('.point[data-trial="7"]').click()
    assert _shown(page) == ["trial-7"]
    page.locator('.point[data-trial="1"]').click(modifiers=["Shift"])
    assert set(_shown(page)) == {"trial-7", "trial-1"}
    assert page.get_by_role("status").inner_text() == "Showing trial 7 beside trial 1"
    page.locator("#slot-b").select_option("")
    page.locator("#compare").check()
    page.locator('#front tbody .pick[data-trial="4"]').click()
    assert set(_shown(page)) == {"trial-7", "trial-4"}
    page.locator('.point[data-trial="3"]').click()
    assert set(_shown(page)) == {"trial-3", "trial-4"}, "the others have a card too"


def test_pictures_appear(visit):
    page = visit()
    for image in page.locator(".card:visible img").all():
        assert image.evaluate("image => image.complete && image.naturalWidth") == 128
    assert page.locator(".card:visible .chart path.curve").count() > 0
    box = page.locator(".plot .area").bounding_box()
    assert box["width"] > 500 and box["height"] > 250


def test_axes_switch_and_points_follow(visit):
    page = visit(reduced_motion="reduce")
    place = "point => [point.offsetLeft, point.offsetTop]"
    point = page.locator('.point[data-trial="4"]')
    before = point.evaluate(place)
    page.locator("#axis-x").select_option(label="KV cache")
    assert page.locator(".title.across:visible").first.inner_text().startswith("KV cache")
    assert point.evaluate(place) != before
    page.locator("#axis-y").select_option(label="KV cache")
    assert page.locator("#axis-x").input_value() == "0", "the two swap places"
    assert page.locator(".plot svg:visible").get_attribute("data-pair") == "0-2"
    width = "point => point.offsetWidth"
    page.locator("#axis-z").select_option(label="attention FLOPs")
    assert point.evaluate(width) > page.locator('.point[data-trial="7"]').evaluate(width), "0.8 costs more than 0.2"


def test_the_keyboard_reaches_every_point(visit):
    page = visit()
    page.locator("#show-joins").focus()
    page.keyboard.press("Tab")
    focused = "() => document.activeElement.dataset.trial"
    assert page.evaluate(focused) in {"4", "7"}
    page.keyboard.press("Home")
    seen = [page.evaluate(focused)]
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate(focused))
    assert set(seen) == {"0", "1", "2", "3", "4", "7"}
    assert page.locator(".tip").is_visible()
    page.keyboard.press("Enter")
    assert _shown(page) == [f"trial-{seen[-1]}"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, scheme):
    page = visit(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    page.locator('.point[data-trial="1"]').click(modifiers=["Shift"])
    for summary in page.locator("details > summary").all():
        summary.click()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["help"]) for one in found if one["impact"] in ("serious", "critical")] == []


def test_a_phone_needs_no_scrolling_sideways(visit):
    page = visit(viewport={"width": 390, "height": 844})
    page.locator('.point[data-trial="1"]').click(modifiers=["Shift"])
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_without_scripts_everything_is_there(visit):
    page = visit(java_script_enabled=False)
    assert len(_shown(page)) == 6
    assert page.locator(".controls:visible").count() == 0
