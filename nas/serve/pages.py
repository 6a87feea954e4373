"""The pages over a folder of studies, as HTML."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment

from nas.report.page.document import STYLE
from nas.report.page.environment import content_policy, own_file, page_environment
from nas.report.progress.lines import time_left
from nas.report.studies.charts import front_charts, volume_chart
from nas.report.studies.overview import StudyOverview, StudyState
from nas.report.studies.side_by_side import SideBySide
from nas.results.progress import StudyProgress

_TEMPLATES = Path(__file__).with_name("templates")
_SCRIPT, _OWN_STYLE = _TEMPLATES / "serve.js", _TEMPLATES / "serve.css"


class Pages:
    """Makes pages of what was read from studies; everything in them is escaped.

    Args:
        folder: the folder of studies, as the user named it.
    """

    def __init__(self, folder: Path) -> None:
        self._environment: Environment = page_environment(_TEMPLATES)
        self._environment.globals.update(
            folder=str(folder),
            script=own_file(_SCRIPT),
            style=own_file(STYLE) + own_file(_OWN_STYLE),
            State=StudyState,
            time_left=time_left,
        )

    @property
    def policy(self) -> str:
        """The content security policy of the pages: our script, which asks for the page again."""
        more = ("connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'")
        return content_policy(own_file(_SCRIPT), *more)

    def studies(self, studies: Sequence[StudyOverview]) -> str:
        """All studies."""
        return self._render("studies.html", studies=studies)

    def study(self, one: StudyOverview, progress: StudyProgress | None) -> str:
        """One study: its front, or the front so far, and how far it is."""
        charts = front_charts({one.name: one.points}, one.objectives)
        return self._render("study.html", one=one, progress=progress, charts=charts, volume=volume_chart(one.volumes))

    def comparison(self, compared: SideBySide) -> str:
        """Several studies side by side."""
        charts = front_charts({side.name: side.points for side in compared.sides}, compared.objectives)
        return self._render("compare.html", compared=compared, charts=charts)

    def error(self, line: str) -> str:
        """One line that says what is wrong."""
        return self._render("error.html", line=line)

    def _render(self, name: str, **values: object) -> str:
        context: Mapping[str, object] = values
        return self._environment.get_template(name).render(context)
