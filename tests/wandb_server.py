"""A stand-in for a W&B server on this machine: it answers what wandb 0.31 asks while it records, and remembers."""

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Document = dict[str, Any]


@dataclass
class Received:
    """What arrived for one run."""

    name: str
    config: Document = field(default_factory=dict)
    history: list[Document] = field(default_factory=list)
    summary: Document = field(default_factory=dict)
    complete: bool = False


class WandbServer(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1.

    `requests` counts everything that was asked or sent, `runs` has what arrived by run id, `files` all uploads by
    `<run or artifact>/<name>`, `artifacts` the names of those that arrived whole, `views` the saved workspaces,
    `unknown` the GraphQL operations that got no answer: wandb-core does not survive some.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.runs: dict[str, Received] = {}
        self.files: dict[str, bytes] = {}
        self.artifacts: set[str] = set()
        self.views: list[Document] = []
        self.unknown: list[str] = []
        self.gone = False
        self.requests = 0
        self.sent: list[bytes] = []
        """The address and the content of every request."""
        self.nonsense: bytes | None = None
        """What is sent in the place of every answer, once it is set."""
        self.delay_seconds = 0.0
        """What is waited before each answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def by_name(self) -> dict[str, Received]:
        """The runs by their names; two of one name are a failure."""
        assert len({run.name for run in self.runs.values()}) == len(self.runs)
        return {run.name: run for run in self.runs.values()}

    def leave(self) -> None:
        """Stop listening, and answer nothing on connections that are open."""
        self.gone = True
        self.shutdown()
        self.server_close()

    def answer(self, operation: str, given: Document) -> Document:
        """What GraphQL says to an operation."""
        if operation not in _ANSWERS:
            self.unknown.append(operation)
            return {}
        return _ANSWERS[operation](self, given)

    def stream(self, run_id: str, document: Document) -> None:
        """Take the next piece of a run's history and its newest summary."""
        run, files = self.runs[run_id], document.get("files") or {}
        if (piece := files.get("wandb-history.jsonl")) is not None:  # a run that is sent anew begins at 0 again
            run.history[piece["offset"] :] = [json.loads(line) for line in piece["content"]]
        for line in files.get("wandb-summary.json", {}).get("content", []):
            run.summary = json.loads(line)
        run.complete |= bool(document.get("complete"))

    def place(self, owner: str, name: str) -> Document:
        """Where a file may be uploaded to."""
        return {"name": name, "uploadUrl": f"{self.url}/upload/{owner}/{name}", "uploadHeaders": []}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """wandb-core drops its connections when it ends; that is no error."""


@contextmanager
def serving() -> Iterator[WandbServer]:
    """A server while the block runs; it may leave sooner."""
    server = WandbServer()
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.leave()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # wandb-core keeps its connections open
    server: WandbServer

    def do_POST(self) -> None:
        document = json.loads(self._body() or b"{}")
        if self.path == "/graphql":
            operation = re.search(r"(?:query|mutation)\s+(\w+)", document["query"])
            assert operation is not None
            self._answer({"data": self.server.answer(operation[1], document.get("variables") or {})})
        else:  # /files/<entity>/<project>/<run>/file_stream
            self.server.stream(self.path.split("/")[4], document)
            self._answer({})

    def do_PUT(self) -> None:
        self.server.files[self.path.removeprefix("/upload/")] = self._body()
        self._answer({})

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _body(self) -> bytes:
        self.server.requests += 1
        if self.server.gone:
            raise ConnectionAbortedError
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data
        self.server.sent += [self.path.encode(), content]
        return content

    def _answer(self, document: Document) -> None:
        time.sleep(self.server.delay_seconds)
        data = json.dumps(document).encode() if self.server.nonsense is None else self.server.nonsense
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _viewer(server: WandbServer, given: Document) -> Document:
    return {"viewer": {"id": "u", "entity": "team", "username": "u", "flags": "{}", "teams": {"edges": []}}}


def _upsert_run(server: WandbServer, given: Document) -> Document:
    run_id = given["name"]
    run = server.runs.setdefault(run_id, Received(given["displayName"]))
    run.config |= {key: entry["value"] for key, entry in json.loads(given["config"] or "{}").items()}
    project = {"id": "p", "name": given["project"], "entity": {"id": "e", "name": "team"}}
    bucket = {"id": run_id, "name": run_id, "displayName": run.name, "project": project}
    return {"upsertBucket": {"bucket": bucket | {"config": "{}", "historyLineCount": 0}, "inserted": True}}


def _run_files(server: WandbServer, given: Document) -> Document:
    places = [server.place(given["run"], name) for name in given["files"]]
    return {"createRunFiles": {"runID": given["run"], "uploadHeaders": [], "files": places}}


def _artifact(server: WandbServer, given: Document) -> Document:
    """An artifact's id is its name here."""
    name = given["input"]["artifactCollectionName"]
    new = {"id": name, "state": "PENDING", "artifactSequence": {"id": name, "latestArtifact": None}}
    return {"createArtifact": {"artifact": new}}


def _manifest(server: WandbServer, given: Document) -> Document:
    file = {"id": "f", **server.place(given["artifactID"], given["name"])}
    return {"createArtifactManifest": {"artifactManifest": {"id": given["artifactID"], "file": file}}}


def _artifact_files(server: WandbServer, given: Document) -> Document:
    nodes = [
        server.place(file["artifactID"], file["name"])
        | {"storagePath": file["name"], "uploadMultipartUrls": None, "artifact": {"id": file["artifactID"]}}
        for file in given["input"]["artifactFiles"]
    ]
    return {"createArtifactFiles": {"files": {"edges": [{"node": node} for node in nodes]}}}


def _commit(server: WandbServer, given: Document) -> Document:
    server.artifacts.add(given["artifactID"])
    return {"commitArtifact": {"artifact": {"id": given["artifactID"], "digest": "d"}}}


def _view(server: WandbServer, given: Document) -> Document:
    server.views.append(given)
    return {"upsertView": {"view": {"id": "v", "name": "nw-abc-v"}, "inserted": True}}


_ANSWERS: dict[str, Callable[[WandbServer, Document], Document]] = {
    "Viewer": _viewer,
    "GetDefaultEntity": _viewer,
    "ServerFeaturesQuery": lambda server, given: {"serverInfo": {"features": []}},
    "UpsertBucket": _upsert_run,
    "CreateRunFiles": _run_files,
    "ArtifactType": lambda server, given: {"project": {"artifact": None}},
    "CreateArtifact": _artifact,
    "CreateArtifactManifest": _manifest,
    "CreateArtifactFiles": _artifact_files,
    "CommitArtifact": _commit,
    "UpsertView2": _view,
}
