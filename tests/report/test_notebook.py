"""What notebooks show: whole, escaped, and without script or style sheet."""

from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from msgspec.structs import replace

from nas.patterns.label import label
from nas.results.front import Front
from tests.fronts import LONG_PATTERN, make_baseline, make_front, make_pattern, make_point
from tests.result_strategies import fronts
from tests.strategies import patterns

HOSTILE = """<script>boom()</script>"'><img src=x onerror=boom()>{{ 7 * 7 }}"""


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def test_a_front_shows_every_point_and_baseline() -> None:
    front = make_front(points=(make_point(4, 2.1), make_point(7, 2.2, flops=0.3)))
    reader = Reader(front._repr_html_())
    assert [row for row in ("4", "7", "0") if row in reader.text] == ["4", "7", "0"]
    assert len(reader.all("circle")) == 2 and len(reader.all("title")) == 3
    assert reader.text.count(label(front.points[0].pattern)) == 3


def test_a_pattern_shows_its_layers_and_each_mask_once() -> None:
    reader = Reader(LONG_PATTERN._repr_html_())
    assert label(LONG_PATTERN) in reader.text
    assert len(reader.all("th")) == LONG_PATTERN.num_layers
    assert len(reader.all("img")) == 12 and "2 more masks are named" in reader.text
    assert all(image["src"].startswith("data:image/png;base64,") for image in reader.all("img"))


def test_what_a_study_says_is_text_and_never_markup() -> None:
    objectives = tuple(replace(one, unit=HOSTILE) if not one.is_cost else one for one in make_front().objectives)
    front = make_front(study=HOSTILE, objectives=objectives, baselines=(make_baseline(baseline=HOSTILE),))
    reader = Reader(front._repr_html_())
    assert not reader.all("script") and not reader.all("img") and not reader.all("style")
    assert not [name for _, attributes in reader.elements for name in attributes if name.startswith("on")]
    assert reader.text.count(HOSTILE) > 3


@given(fronts())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_any_front_can_be_shown(front: Front) -> None:
    assert front._repr_html_().rstrip().endswith("</div>")


@given(patterns(computing=True))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_any_pattern_can_be_shown_and_plotted(pattern) -> None:
    assert label(pattern) in Reader(pattern._repr_html_()).text
    assert pattern.plot().axes


def test_a_notebook_shows_a_plot() -> None:
    assert make_pattern().plot()._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("num_tokens", [0, -1, 2**17 + 1, "64", True, 1.5])
def test_a_plot_wants_a_length_that_can_be_drawn(num_tokens) -> None:
    with pytest.raises(ValueError, match=r"^num_tokens: must be a whole number from 1 to 131072, got"):
        make_pattern().plot(num_tokens)
