"""The address of a database that follows studies, and what a user may say of it where others can read it."""

import os
import re
from typing import TYPE_CHECKING

from nas.errors import InputError, first_line
from nas.redact import REDACTED, redact, redact_text

if TYPE_CHECKING:
    from sqlalchemy import URL

VARIABLE = "NAS_STORAGE"
"""The environment variable that names the database of a team."""

_BACKENDS = ("postgresql", "mysql", "mariadb", "sqlite")
"""What Optuna keeps studies in."""

_SCHEME = re.compile(r"[a-z0-9]+(\+[a-z0-9]+)?(?=://)")


def check_storage(storage: str) -> None:
    """Refuse a setting that is no URL of a database, or that holds a password: it is seen in lists of processes.

    Raises:
        InputError: without the password.
    """
    url = _parse("storage", storage)
    if url.password is not None or redact(dict(url.query)) != dict(url.query):
        allowed = "must hold no password, which others can read in the list of processes"
        remedy = f"Set {VARIABLE} to the whole URL instead, or keep the password in ~/.pgpass or PGPASSWORD."
        raise InputError("storage", allowed, shown(url), remedy)


def find_database(storage: str | None) -> "URL | None":
    """The database that studies are followed in: the setting, or else NAS_STORAGE; None if neither names one.

    Raises:
        InputError: it is no URL that Optuna could use, or its driver is not installed; nothing secret is repeated.
    """
    text, where = (storage, "storage") if storage is not None else (os.environ.get(VARIABLE, "").strip(), VARIABLE)
    if not text:
        return None
    url = _parse(where, text)
    try:
        url.get_dialect().import_dbapi()
    except ImportError as error:
        remedy = "Install that driver."
        if url.get_driver_name() == "psycopg":
            remedy = "Install it: pip install 'nas-attention[postgres]'."
        allowed = f"needs a driver that cannot be imported ({first_line(error)})"
        raise InputError(where, allowed, shown(url), remedy) from None
    return url


def shown(url: "URL") -> str:
    """The URL for people: where the database is, without who reads it and how."""
    place = url.host or (url.query.get("host") if isinstance(url.query.get("host"), str) else "") or ""
    port = f":{url.port}" if url.port else ""
    return redact_text(f"{url.get_backend_name()}://{place}{port}/{url.database or ''}")


def without_secrets(text: str, url: "URL") -> str:
    """An error message without the password, in one line."""
    secrets = {url.password, *(value for name, value in url.query.items() if redact({name: value}) != {name: value})}
    for secret in secrets:
        if isinstance(secret, str) and secret:
            text = text.replace(secret, REDACTED)
    return " ".join(redact_text(text).split())


def _parse(where: str, text: str) -> "URL":
    from sqlalchemy.engine import make_url  # slow to import, and most studies need no more than their folder
    from sqlalchemy.exc import SQLAlchemyError

    allowed = f"must be the URL of a database such as postgresql://team@host/nas ({', '.join(_BACKENDS)})"
    scheme = _SCHEME.match(text)
    came = f"{scheme[0]}://..." if scheme else "a text of another form"
    try:
        url = make_url(text)
        url.get_dialect()
    except (SQLAlchemyError, ValueError):  # whose message may quote the text, and so a password
        raise InputError(where, allowed, came) from None
    if url.get_backend_name() not in _BACKENDS:
        raise InputError(where, allowed, came)
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise InputError(where, "must name a file, as sqlite:////srv/team.db does", came)
    return url
