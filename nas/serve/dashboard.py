"""Optuna's dashboard over a copy of a study in memory, which is made anew when the study has gone on."""

import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Lock
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from optuna_dashboard import wsgi

from nas.serve.loopback import HOSTS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from optuna.storages import BaseStorage

READING = ("GET", "HEAD")
"""What may be asked: the dashboard renames, deletes and annotates by other methods, and the copy would forget it."""


class Dashboard:
    """A WSGI application.

    Args:
        path: the file that the study is read from.
        read: reads it into a storage of its own.
    """

    def __init__(self, path: Path, read: "Callable[[], BaseStorage]") -> None:
        self._path, self._read = path, read
        self._one_at_a_time = Lock()
        self._version = _version(path)
        self._app: WSGIApplication = wsgi(read())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("HTTP_HOST", "").partition(":")[0] not in HOSTS:
            return _refuse(start_response, "403 Forbidden", "This page is for this machine alone.")
        if environ["REQUEST_METHOD"] not in READING:
            return _refuse(start_response, "405 Method Not Allowed", "A study cannot be changed here.")
        return self._newest()(environ, start_response)

    def _newest(self) -> "WSGIApplication":
        with self._one_at_a_time:
            try:
                version = _version(self._path)
                if version != self._version:
                    self._app, self._version = wsgi(self._read()), version
            except Exception:  # it is just being replaced: the last copy will do until it can be read again
                pass
            return self._app


def serve_dashboard(app: Dashboard, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C."""
    server = _Server(listening)
    server.set_app(app)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    """Answers each request in a thread of its own, on a socket that listens already."""

    daemon_threads = True

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_name, self.server_port = listening.getsockname()
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _version(path: Path) -> tuple[int, int, int] | None:
    """What changes with the file; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _refuse(start_response: "StartResponse", status: str, text: str) -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [text.encode()]
