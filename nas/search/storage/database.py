"""One study in a database of Optuna's: the file of its folder, or that of a team, which holds many."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from optuna.storages import RDBStorage
from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Enum,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from nas.results.identity import StudyIdentity
from nas.search.database_url import shown
from nas.search.storage.own_file import is_continuable, replace_by_new
from nas.search.storage.trial_rows import TrialRows, forget_rows, read_rows, write_rows

ID_ATTRIBUTE = "nas:study"
"""The user attribute of a study that holds its id."""

_AT_ONCE = 200
"""Trials in a transaction: what is lost when one fails, and what a dashboard waits for at most."""

_META = MetaData()
_STUDIES = Table(
    "studies", _META, Column("study_id", Integer, primary_key=True), Column("study_name", String(512), unique=True)
)
_DIRECTIONS = Table(
    "study_directions",
    _META,
    Column("study_id", Integer),
    Column("objective", Integer),
    Column("direction", Enum("NOT_SET", "MINIMIZE", "MAXIMIZE", name="studydirection")),
)
_USER_ATTRIBUTES, _SYSTEM_ATTRIBUTES = (
    Table(name, _META, Column("study_id", Integer), Column("key", String), Column("value_json", Text))
    for name in ("study_user_attributes", "study_system_attributes")
)


class StudyDatabase:
    """The rows of one study. Every method may raise whatever SQLAlchemy, Optuna or the system does.

    Args:
        url: the database of a team; None for the SQLite file of the study's folder.
        file: that file.
        identity: of the study, by which it is found whatever its name is.
        name: what it is called in the database when it is new there, if that name is free.
    """

    def __init__(self, url: URL | None, file: Path, identity: StudyIdentity, name: str) -> None:
        self._file = file if url is None else None
        self.url = url or URL.create("sqlite", database=str(file.absolute()))
        self._identity, self._name = identity, name
        self._engine: Engine | None = None
        self._study = 0
        self._is_ours = False

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return str(self._file or shown(self.url))

    def open(self) -> dict[int, str]:
        """Find the study, or make it; the digest of every trial that is kept of it, by number.

        The study's own file is looked at the first time: what cannot be continued is replaced.
        """
        if self._file is None or self._is_ours:
            return self._opened()
        if is_continuable(self._file):
            with suppress(Exception):
                digests = self._opened()
                self._is_ours = True
                return digests
        self.start_over()
        return self._opened()

    def start_over(self) -> bool:
        """Replace the study's own file by a new one, whoever holds the old; False for a team's database."""
        self.close()
        if self._file:
            replace_by_new(self._file)
            self._is_ours = True
        return self._file is not None

    def write(self, trials: Mapping[int, TrialRows]) -> None:
        """Keep trials, by number: new ones are added, others take the place of what was kept."""
        numbers = sorted(trials)
        for first in range(0, len(numbers), _AT_ONCE):
            with self._transaction() as connection:
                chosen = {number: trials[number] for number in numbers[first : first + _AT_ONCE]}
                write_rows(connection, self._study, chosen)

    def forget_from(self, number: int) -> None:
        """Keep no trials from a number on."""
        with self._transaction() as connection:
            forget_rows(connection, self._study, number)

    def close(self) -> None:
        """Close all connections; `open` opens them again."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None

    def _opened(self) -> dict[int, str]:
        self.close()
        self._engine = self._connected()
        with self._engine.begin() as connection:
            found = self._found(connection)
        self._study = self._created(self._engine) if found is None else found
        with self._engine.connect() as connection:
            return {number: rows.digest for number, rows in read_rows(connection, self._study).items()}

    def _connected(self) -> Engine:
        limits: dict[str, Any] = {"sqlite": {"timeout": 1 if self._file else 10}}
        limits["postgresql"] = limits["mysql"] = limits["mariadb"] = {"connect_timeout": 10}
        options = {
            "connect_args": limits[self.url.get_backend_name()],
            "hide_parameters": True,
            "poolclass": NullPool,  # a connection that the server has closed is not met again
        }
        if self._file:
            return create_engine(self.url, **options)
        storage = RDBStorage(self.url.render_as_string(hide_password=False), engine_kwargs=options)
        storage.remove_session()
        return storage.engine

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction that no other writer of the study shares, where the database can promise that."""
        assert self._engine is not None
        with self._engine.begin() as connection:
            own = select(_STUDIES.c.study_id).where(_STUDIES.c.study_id == self._study)
            connection.execute(own.with_for_update()).one()
            yield connection

    def _found(self, connection: Connection) -> int | None:
        """The study, with the directions that its objectives have."""
        own = (_USER_ATTRIBUTES.c.key == ID_ATTRIBUTE) & (
            _USER_ATTRIBUTES.c.value_json == json.dumps(self._identity.id)
        )
        study = connection.execute(select(_USER_ATTRIBUTES.c.study_id).where(own)).scalar_one_or_none()
        if study is None:
            if self._file and connection.execute(select(_STUDIES.c.study_id)).first():
                raise ValueError("the file is that of another study")
            return None
        directions = select(_DIRECTIONS.c.objective, _DIRECTIONS.c.direction).where(_DIRECTIONS.c.study_id == study)
        if [tuple(row) for row in sorted(connection.execute(directions))] != list(enumerate(self._directions())):
            raise ValueError(f"study {study} has this study's id, but other objectives")
        return int(study)

    def _created(self, engine: Engine) -> int:
        """A new study, under the first free name."""
        for name in (self._name, f"{self._name}-{self._identity.id[:8]}"):
            with suppress(IntegrityError), engine.begin() as connection:
                return self._create(connection, name)
        with engine.begin() as connection:
            return self._create(connection, f"{self._name}-{self._identity.id}")

    def _create(self, connection: Connection, name: str) -> int:
        key = connection.execute(_STUDIES.insert().values(study_name=name)).inserted_primary_key
        study = int(key[0])  # type: ignore[index]
        directions = [
            {"study_id": study, "objective": place, "direction": direction}
            for place, direction in enumerate(self._directions())
        ]
        names = [one.name for one in self._identity.objectives]
        connection.execute(_DIRECTIONS.insert(), directions)
        for table, attribute, value in (
            (_USER_ATTRIBUTES, ID_ATTRIBUTE, json.dumps(self._identity.id)),
            (_SYSTEM_ATTRIBUTES, "study:metric_names", json.dumps(names)),
        ):
            connection.execute(table.insert().values(study_id=study, key=attribute, value_json=value))
        return study

    def _directions(self) -> list[str]:
        return [one.direction.upper() for one in self._identity.objectives]
