"""A real PostgreSQL server of a test's own, on a Unix socket; run as `postgres` where the test is root, as it must."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PASSWORD = "plant:ed/pass@word%42"
"""Of the user `nas`; it needs quoting in a URL."""

MISSING = "needs a PostgreSQL server: Debian's package postgresql, or initdb and pg_ctl on PATH"


def find_binaries() -> Path | None:
    """The folder of the newest server that is installed, as Debian lays it out or as PATH has it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class PostgresServer:
    """One server, which can be stopped and started.

    Args:
        binaries: the folder of initdb and pg_ctl.
        folder: where its data and its socket lie; short, as the path of a socket must be.
    """

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries, self._folder = binaries, folder

    def make(self) -> None:
        """Initialise the data and start; whoever connects needs the password."""
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            for path in (self._folder, secret):
                os.chown(path, user.pw_uid, user.pw_gid)
        who = ["--username=nas", f"--pwfile={secret}", "--auth=scram-sha-256"]
        self._run("initdb", *who, "--no-sync", "--locale=C", "--encoding=UTF8")
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB -c max_connections=20"
        self._run("pg_ctl", f"--log={self._folder}/log", f"--options={options}", "--wait", "start")

    def stop(self) -> None:
        """Stop at once; clients lose their connections."""
        self._run("pg_ctl", "--mode=fast", "--wait", "stop")

    def url(self, database: str, password: str | None = PASSWORD) -> str:
        """The address of a database, for Optuna."""
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql://nas{secret}@/{database}?host={quote(str(self._folder), safe='')}"

    def new_database(self, name: str) -> str:
        """Make an empty database; its address."""
        import psycopg

        where = f"host={self._folder} user=nas dbname=postgres"
        with psycopg.connect(where, password=PASSWORD, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def _run(self, program: str, *words: str) -> None:
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        command = [*as_user, str(self._binaries / program), f"--pgdata={self._folder}/data", *words]
        # Into a file, not a pipe, which the server would keep open.
        with (self._folder / "output").open("w+") as output:
            done = subprocess.run(command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            output.seek(0)
            assert done.returncode == 0, output.read()


@contextmanager
def postgres_server(binaries: Path) -> Iterator[PostgresServer]:
    """A server until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="nas-pg-", dir="/tmp"))
    server = PostgresServer(binaries, folder)
    try:
        server.make()
        try:
            yield server
        finally:
            if (folder / "data/postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder)
