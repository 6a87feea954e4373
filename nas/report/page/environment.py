"""Jinja templates of our pages: everything that they are given is escaped."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nas.patterns.label import label as pattern_label
from nas.report.objective_labels import label
from nas.report.quantities import format_probability, format_quantity, format_ratio, format_seconds
from nas.report.study.verdict import worth_in_table, worth_in_words

TEMPLATES = Path(__file__).with_name("templates")


def page_environment(*folders: Path) -> Environment:
    """The environment of templates that may use those of the report's page.

    Args:
        folders: where templates are, in addition to those of the report.
    """
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(label=label, worth=worth_in_words, cell=worth_in_table, pattern_label=pattern_label)
    environment.filters.update(quantity=format_quantity, ratio=format_ratio, seconds=format_seconds, percent=_percent)
    environment.filters.update(folded=folded_label, probability=format_probability)
    return environment


def folded_label(text: str) -> Markup:
    """A label that a browser breaks between layers and head groups, and inside one only if it is wider than a line."""
    parts = re.split(r"(?<=[|,]) ", text)
    return Markup(" ").join(Markup('<span class="part">{}</span>').format(part) for part in parts)


def own_file(path: Path) -> Markup:
    """A style sheet or a script of ours, as it stands in the page: no study has written it."""
    return Markup(path.read_text(encoding="utf-8"))


def content_policy(script: str, *more: str) -> str:
    """A content security policy: no script but this one, nothing fetched, pictures and styles of the page itself.

    Args:
        script: as it stands in the page.
        more: further directives.
    """
    digest = b64encode(sha256(script.encode()).digest()).decode()
    directives = ["default-src 'none'", "img-src data:", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'"]
    return "; ".join([*directives, "base-uri 'none'", *more])


def _percent(share: float | None) -> str:
    """A probability in words: `83%`."""
    return "not known" if share is None else f"{share:.0%}"
