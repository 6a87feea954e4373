"""The application: addresses, what is read for each, and its server on the loopback interface.

Nothing is written, no address names a path, and no other machine reaches it.
"""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from nas.errors import NasError, printable
from nas.report.page.document import report_policy
from nas.report.studies.overview import StudyState, studies_in, study_overview
from nas.report.studies.side_by_side import side_by_side
from nas.results.progress import StudyProgress, read_progress
from nas.results.study import StudyReader
from nas.serve.guard import guards
from nas.serve.pages import Pages

_MOST_AT_ONCE = 64
"""Connections that are served at once; further ones are told to wait."""
MOST_COMPARED = 6
"""Studies side by side: as many as a chart has colours for."""
MOST_KEPT = 8
"""Reports that are kept in memory, each of up to a few megabytes: one takes seconds to make."""

MakeReport = Callable[[StudyReader], str]


def make_app(folder: Path, make_report: MakeReport) -> Starlette:
    """The application over a folder of studies.

    Args:
        folder: such as runs; read anew for every page.
        make_report: makes the page of `nas report` of a study that has ended.
    """
    studies = _Studies(folder, make_report)
    return Starlette(
        routes=[
            Route("/", studies.index),
            Route("/compare", studies.compare),
            Route("/study/{name}", studies.study),
            Route("/study/{name}/report", studies.report),
        ],
        middleware=guards(),
        exception_handlers={NasError: studies.refused, HTTPException: studies.not_found},
    )


def serve(app: Starlette, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        limit_concurrency=_MOST_AT_ONCE,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:  # which uvicorn raises again after it has closed everything
        pass
    finally:
        listening.close()


class _Studies:
    """The endpoints; Starlette runs each in a thread of its own."""

    def __init__(self, folder: Path, make_report: MakeReport) -> None:
        self._folder, self._make_report = folder, make_report
        self._pages = Pages(folder)
        self._reports: dict[tuple[Path, int, int], str] = {}
        self._one_at_a_time = Lock()

    def index(self, request: Request) -> Response:
        return self._answer(self._pages.studies(studies_in(self._folder, time.time())))

    def study(self, request: Request) -> Response:
        path = self._path(request.path_params["name"])
        overview = study_overview(path, time.time())
        progress: StudyProgress | None = None
        if overview.state is StudyState.RUNNING:
            progress = read_progress(path)
        return self._answer(self._pages.study(overview, progress))

    def report(self, request: Request) -> Response:
        reader = self._ended(request.path_params["name"])
        front = os.lstat(reader.path / "front.json")
        key = (reader.path, front.st_mtime_ns, front.st_size)
        with self._one_at_a_time:
            if key not in self._reports:
                while len(self._reports) >= MOST_KEPT:
                    del self._reports[next(iter(self._reports))]
                self._reports[key] = self._make_report(reader)
        policy = f"{report_policy()}; frame-ancestors 'none'"
        return HTMLResponse(self._reports[key], headers={"content-security-policy": policy})

    def compare(self, request: Request) -> Response:
        names = list(dict.fromkeys(request.query_params.getlist("study")))
        if not 2 <= len(names) <= MOST_COMPARED:
            raise HTTPException(400, f"Choose two to {MOST_COMPARED} studies that have ended.")
        readers = {name: self._ended(name) for name in names}
        fronts = {name: reader.front() for name, reader in readers.items()}
        settings = [reader.settings_document() or {} for reader in readers.values()]
        return self._answer(self._pages.comparison(side_by_side(fronts, settings)))

    def refused(self, request: Request, error: Exception) -> Response:
        return self._answer(self._pages.error(str(error)), 409)

    def not_found(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self._answer(self._pages.error(error.detail), error.status_code)

    def _path(self, name: str) -> Path:
        """The folder of a study: one of those that are there, whatever an address may say."""
        with os.scandir(self._folder) as entries:
            found = next((Path(entry.path) for entry in entries if printable(entry.name) == name), None)
        if found is None:
            raise HTTPException(404, f"There is no study {name}.")
        return found

    def _ended(self, name: str) -> StudyReader:
        """A study that has ended, and whose folder holds nothing strange."""
        path = self._path(name)
        overview = study_overview(path, time.time())
        if overview.state is StudyState.UNREADABLE:
            raise HTTPException(409, overview.problem)
        reader = StudyReader(path)
        if not reader.has_front():
            raise HTTPException(404, f"{name} has not ended, so it has no front yet.")
        return reader

    def _answer(self, page: str, status: int = 200) -> Response:
        return HTMLResponse(page, status, headers={"content-security-policy": self._pages.policy})
