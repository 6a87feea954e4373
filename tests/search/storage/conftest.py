"""Databases of a study, and quiet from Optuna, whose messages are not those that are counted here."""

from collections.abc import Iterator

import optuna
import pytest

from tests.postgres_server import MISSING, PostgresServer, find_binaries, postgres_server


@pytest.fixture(autouse=True)
def quiet_optuna() -> Iterator[None]:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(verbosity)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for all tests; one that stops it starts it again."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(MISSING)
    with postgres_server(binaries) as server:
        yield server
