"""What notebooks show of patterns and fronts: HTML that needs neither a script nor a style sheet."""

from functools import cache
from pathlib import Path

from jinja2 import Template

from nas.patterns.drawing.layout import telling_length
from nas.patterns.label import label as pattern_label
from nas.patterns.label import label_note
from nas.patterns.model import ModelPattern
from nas.report.page.environment import page_environment
from nas.report.page.front_plot import front_plot
from nas.report.page.masks import pattern_picture
from nas.report.study.record import StudyRecord
from nas.report.study.verdict import headline
from nas.results.front import Front
from nas.results.insight import Insight

_NO_INSIGHT = Insight(score="", unit="", effects=(), predictions=(), accuracy=None)


def pattern_html(pattern: ModelPattern) -> str:
    """A pattern: its label, its layers by heads, and every different mask, at a length at which it tells most."""
    picture = pattern_picture(pattern, telling_length(pattern))
    return _template("pattern.html").render(label=pattern_label(pattern), picture=picture)


def front_html(front: Front) -> str:
    """A front: its first quality against its first cost, and a table of points and baselines."""
    record = StudyRecord(
        argument=front.study, front=front, trials=(), settings={}, suggestions={}, insight=_NO_INSIGHT, target=None
    )
    plot = front_plot(record)
    (layer,) = (one for one in plot.layers if (one.x, one.y) == (plot.x, plot.y))
    return _template("front.html").render(
        record=record,
        front=front,
        plot=plot,
        layer=layer,
        headline=headline(front),
        label_note=label_note(entry.pattern for entry in (*record.points, *front.other_baselines)),
    )


@cache
def _template(name: str) -> Template:
    return page_environment(Path(__file__).with_name("notebook_templates")).get_template(name)
