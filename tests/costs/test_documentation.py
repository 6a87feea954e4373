"""docs/costs.md says what the software does."""

import doctest
import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "costs.md").read_text(encoding="utf-8")


def test_the_session_gives_what_it_shows() -> None:
    (session,) = re.findall(r"```pycon\n(.*?)```", PAGE, re.DOTALL)
    examples = doctest.DocTestParser().get_doctest(session, {}, "docs/costs.md", None, 0)
    assert doctest.DocTestRunner().run(examples).failed == 0
