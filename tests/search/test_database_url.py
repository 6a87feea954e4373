"""The address of a database: read where others cannot, and never repeated with its password."""

import pytest
from sqlalchemy.engine import make_url

from nas.config.load import load_settings
from nas.errors import InputError
from nas.search.database_url import check_storage, find_database, shown, without_secrets

SECRET = "plant:ed/pass@word"
HIDDEN = "plant%3Aed%2Fpass%40word"
WITH_PASSWORD = [
    f"postgresql://team:{HIDDEN}@db.example/nas",
    f"postgresql+psycopg://team:{HIDDEN}@db.example:5433/nas?sslmode=require",
    f"postgresql://db.example/nas?user=team&password={HIDDEN}",
    f"mysql://team:{HIDDEN}@db.example/nas",
]
NO_URLS = [
    "night",
    "postgres",
    f"postgres//team:{HIDDEN}@h/d",
    f"redis://:{HIDDEN}@h",
    f"http://t:{HIDDEN}@h",
    "sqlite://",
]


def check_hidden(text: str) -> None:
    assert SECRET not in text and HIDDEN not in text and "\n" not in text


@pytest.mark.parametrize("url", WITH_PASSWORD)
def test_a_setting_with_a_password_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InputError, match=r"storage: must hold no password.*Set NAS_STORAGE") as refused:
        load_settings([f"storage={url}"])
    check_hidden(str(refused.value))


@pytest.mark.parametrize("url", ["postgresql://team@db.example/nas", "sqlite:////srv/team.db", "postgresql:///nas"])
def test_a_setting_without_a_password_is_kept(url: str) -> None:
    (settings,) = load_settings([f"storage={url}"])
    assert settings.storage == url
    found = find_database(settings.storage)
    assert found is not None and found.database in ("nas", "/srv/team.db")


def test_nothing_is_followed_elsewhere_by_default() -> None:
    (settings,) = load_settings([])
    assert settings.storage is None and find_database(None) is None


@pytest.mark.parametrize("url", WITH_PASSWORD[:3])
def test_the_environment_may_hold_the_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_STORAGE", url)
    found = find_database(None)
    assert found is not None and SECRET in (found.password, found.query.get("password"))
    assert shown(found).startswith("postgresql://db.example")
    check_hidden(shown(found))
    check_hidden(without_secrets(f"refused {SECRET}\nfor {url}", found))
    other = find_database("sqlite:////srv/team.db")
    assert other is not None and other.get_backend_name() == "sqlite", "a setting goes first"


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_database_is_one_line_that_repeats_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"^storage: must ") as refused:
        check_storage(url)
    check_hidden(str(refused.value))
    monkeypatch.setenv("NAS_STORAGE", url)
    with pytest.raises(InputError, match=r"^NAS_STORAGE: must ") as refused:
        find_database(None)
    check_hidden(str(refused.value))


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(cls: type) -> None:
        raise ModuleNotFoundError("No module named 'psycopg'")

    dialect = make_url("postgresql://h/d").get_dialect()
    monkeypatch.setattr(dialect, "import_dbapi", classmethod(missing))
    with pytest.raises(InputError, match=r"pip install 'nas-attention\[postgres\]'"):
        find_database("postgresql://h/d")


@pytest.mark.parametrize("call", ["${oc.env:NAS_STORAGE}", "${oc.env:NAS_STORAGE,null}"])
def test_the_environment_is_not_copied_into_settings(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_STORAGE", WITH_PASSWORD[0])
    with pytest.raises(InputError, match="but call nothing") as refused:
        load_settings([f"storage={call}"])
    check_hidden(str(refused.value))
