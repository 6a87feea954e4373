"""Optuna's dashboard over a study: who may ask, how, and what it shows when the study has gone on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna
import pytest

from nas.serve.dashboard import Dashboard

Ask = Callable[..., tuple[str, bytes]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "study.db"
    path.write_text("1")
    return path


@pytest.fixture
def ask(path: Path) -> Ask:
    """Asks a dashboard over a study with as many trials as its file says."""

    def read() -> optuna.storages.InMemoryStorage:
        storage = optuna.storages.InMemoryStorage()
        study = optuna.create_study(study_name="demo", storage=storage)
        for value in range(int(path.read_text())):
            study.add_trial(optuna.trial.create_trial(value=float(value)))
        return storage

    app = Dashboard(path, read)

    def ask(address: str, method: str = "GET", host: str = "127.0.0.1:8080") -> tuple[str, bytes]:
        environ: dict[str, Any] = {"PATH_INFO": address, "REQUEST_METHOD": method, "HTTP_HOST": host}
        setup_testing_defaults(environ)
        told: list[str] = []
        answer = app(environ, lambda status, *_: told.append(status))
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()  # a file is closed by the server
        return told[0], body

    return ask


def num_trials(ask: Ask) -> int:
    status, body = ask("/api/studies/0")
    assert status == "200 OK"
    return len(json.loads(body)["trials"])


def test_it_shows_the_study(ask: Ask) -> None:
    status, page = ask("/dashboard")
    assert status == "200 OK" and b"Optuna Dashboard" in page
    assert json.loads(ask("/api/studies")[1])["study_summaries"][0]["study_name"] == "demo"


def test_it_reads_the_study_again_when_it_has_gone_on(ask: Ask, path: Path) -> None:
    assert num_trials(ask) == 1
    path.write_text("12")
    assert num_trials(ask) == 12


def test_the_last_copy_serves_while_the_file_cannot_be_read(ask: Ask, path: Path) -> None:
    path.write_text("being written")
    assert num_trials(ask) == 1
    path.unlink()
    assert num_trials(ask) == 1
    path.write_text("3")
    assert num_trials(ask) == 3


@pytest.mark.parametrize(
    ("method", "address"), [("POST", "/api/studies"), ("DELETE", "/api/studies/0"), ("PUT", "/api/studies/0/note")]
)
def test_nothing_can_be_changed(ask: Ask, method: str, address: str) -> None:
    status, text = ask(address, method)
    assert (status, text) == ("405 Method Not Allowed", b"A study cannot be changed here.")
    assert num_trials(ask) == 1


@pytest.mark.parametrize("host", ["example.org", "example.org:8080", ""])
def test_other_names_for_this_machine_are_refused(ask: Ask, host: str) -> None:
    assert ask("/api/studies", host=host)[0] == "403 Forbidden"
