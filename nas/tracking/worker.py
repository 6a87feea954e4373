"""The worker: a process that writes runs to W&B, started as a script: `python -P worker.py FOLDER SECONDS`.

It imports only the standard library and wandb, nothing of `nas`, so that it starts without torch, and so that whatever
W&B does (hang, crash, print, keep threads) happens outside the search. Its command line, which W&B likes to record,
reveals nothing of the user's.

A job is a line of JSON on standard input (see `Job`); the answer is a line on standard output,
`{"error": text or null}`. A job that takes longer than SECONDS ends the process, so that no driver, alive or dead,
leaves a hanging worker behind.
"""

import base64
import faulthandler
import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Literal, TypedDict

import wandb
from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]  # protobuf makes it at import

_BLOCK, _FULL, _FIRST, _LAST = 32768, 1, 2, 4
_SECONDS_TO_CLOSE_A_FILE = 5.0


class Content(TypedDict):
    """One run, as `nas.tracking.runs.run.Run` describes it."""

    id: str
    name: str
    group: str
    job_type: str
    tags: list[str]
    config: dict[str, Any]
    history: list[tuple[int, dict[str, Any]]]
    summary: dict[str, Any]
    tables: dict[str, "Table"]
    plots: dict[str, "Plot"]
    pictures: dict[str, "Picture"]
    artifacts: list["Artifact"]


class Table(TypedDict):
    """See `nas.tracking.runs.run.Table`."""

    columns: list[str]
    rows: list[list[Any]]


class Plot(TypedDict):
    """See `nas.tracking.runs.run.Plot`."""

    kind: Literal["scatter", "bar", "lines"]
    table: str
    x: str
    y: str
    title: str
    line: str


class Picture(TypedDict):
    """See `nas.tracking.runs.run.Picture`."""

    png: str


class Artifact(TypedDict):
    """See `nas.tracking.runs.run.Artifact`."""

    name: str
    type: str
    files: dict[str, str]


class Job(TypedDict):
    """One run, and where it goes."""

    mode: Literal["offline", "online"]
    project: str
    entity: str | None
    run: Content


def main(folder: Path, seconds: float) -> None:
    """Answer jobs until standard input ends.

    Args:
        folder: the study folder; the files of W&B go to its `wandb` folder.
        seconds: longest time for one job, and for the clean-up of W&B at the end.
    """
    jobs, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # W&B must neither read jobs nor write answers
    os.dup2(2, 1)
    for line in jobs:
        faulthandler.dump_traceback_later(seconds, exit=True)
        answers.write(json.dumps({"error": _attempt(json.loads(line), folder)}) + "\n")
        answers.flush()
        faulthandler.cancel_dump_traceback_later()
    faulthandler.dump_traceback_later(seconds, exit=True)


def _attempt(job: Job, folder: Path) -> str | None:
    try:
        _record(job, folder)
    except Exception as error:
        text = " ".join(str(error).split())
        return f"{type(error).__name__}: {text}" if text else type(error).__name__
    return None


def _record(job: Job, folder: Path) -> None:
    """Write one run, replacing an earlier one with the same id."""
    content, ours = job["run"], folder / "wandb"
    ours.mkdir(parents=True, exist_ok=True)
    if not os.access(ours, os.W_OK):  # W&B would silently write to a temporary folder
        raise PermissionError(f"cannot write to {ours}")
    staging = ours / "staging" / content["id"]
    for earlier in (staging, *ours.glob(f"*run-*-{content['id']}")):
        shutil.rmtree(earlier, ignore_errors=True)
    os.environ["WANDB_DATA_DIR"] = str(staging)  # `wandb sync` reads artifacts from here, later
    run = wandb.init(settings=_settings(job, folder), config=content["config"])
    try:
        _fill(run, content, staging)
    finally:
        run.finish()
    if job["mode"] == "offline":
        _await_file(ours, content["id"])


def _await_file(ours: Path, run_id: str) -> None:
    """Wait until the file is complete: `finish` returns slightly earlier, and on a full disk it never is."""
    give_up = time.monotonic() + _SECONDS_TO_CLOSE_A_FILE
    while not any(_is_complete(path) for path in ours.glob(f"*-{run_id}/run-{run_id}.wandb")):
        if time.monotonic() > give_up:
            raise OSError(f"W&B left an incomplete file in {ours}; is the disk full?")
        time.sleep(0.01)


def _is_complete(path: Path) -> bool:
    """Whether a file of W&B ends with the record of the end of the run.

    The format is LevelDB's log after 7 bytes: blocks of 32 KiB; checksum (4), length (2), kind (1), data.
    """
    data, at, record, kind = path.read_bytes(), 7, b"", _LAST
    while at + 7 <= len(data):
        room = _BLOCK - at % _BLOCK
        if room < 7:  # too little for another part; padded with zeros
            at += room
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        record = (b"" if kind in (_FULL, _FIRST) else record) + data[at + 7 : at + 7 + length]
        at += 7 + length
    return at == len(data) and kind in (_FULL, _LAST) and Record.FromString(record).HasField("exit")


def _settings(job: Job, folder: Path) -> wandb.Settings:
    content = job["run"]
    return wandb.Settings(
        mode=job["mode"],
        project=job["project"],
        entity=job["entity"],
        root_dir=str(folder),
        use_dot_wandb=False,
        run_id=content["id"],
        run_name=content["name"],
        run_group=content["group"],
        run_job_type=content["job_type"],
        run_tags=tuple(content["tags"]),
        reinit="create_new",
        init_timeout=20,
        silent=True,
        console="off",
        symlink=False,
        program="nas",
        host="",
        save_code=False,
        disable_code=True,
        disable_git=True,
        x_disable_meta=True,  # command line, folder, user name
        x_disable_stats=True,
        x_disable_machine_info=True,
        x_save_requirements=False,
    )


def _fill(run: wandb.Run, content: Content, staging: Path) -> None:
    for step, row in content["history"]:
        run.log(row, step=step)
    pictures = {name: _image(picture, staging) for name, picture in content["pictures"].items()}
    tables = {name: _table(table, staging) for name, table in content["tables"].items()}
    plots = {name: _chart(content["tables"][plot["table"]], plot) for name, plot in content["plots"].items()}
    if logged := pictures | tables | plots:
        run.log(logged)
    for document in content["artifacts"]:
        artifact = wandb.Artifact(document["name"], type=document["type"])
        for name, part in document["files"].items():
            with artifact.new_file(name, mode="wb") as file:
                file.write(base64.b64decode(part))
        run.log_artifact(artifact)
    run.summary.update(content["summary"])


def _table(table: Table, staging: Path) -> "wandb.Table":
    rows = [[_cell(cell, staging) for cell in row] for row in table["rows"]]
    return wandb.Table(columns=[*table["columns"]], data=rows, allow_mixed_types=True)


def _cell(cell: Any, staging: Path) -> Any:
    return _image(Picture(png=cell["png"]), staging) if isinstance(cell, dict) else cell


def _image(picture: Picture, staging: Path) -> "wandb.Image":
    content = base64.b64decode(picture["png"])
    path = staging / "pictures" / f"{hashlib.sha256(content).hexdigest()[:16]}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return wandb.Image(str(path))


def _chart(table: Table, plot: Plot) -> Any:
    def column(name: str) -> list[Any]:
        place = table["columns"].index(name)
        return [row[place] for row in table["rows"]]

    xs, ys = column(plot["x"]), column(plot["y"])
    if plot["kind"] == "lines":
        lines = column(plot["line"])
        names = list(dict.fromkeys(lines))
        of = {name: [place for place, line in enumerate(lines) if line == name] for name in names}
        return wandb.plot.line_series(
            xs=[[xs[place] for place in of[name]] for name in names],
            ys=[[ys[place] for place in of[name]] for name in names],
            keys=names,
            title=plot["title"],
            xname=plot["x"],
        )
    pairs = [[x, y] for x, y in zip(xs, ys, strict=True) if x is not None and y is not None]
    draw = wandb.plot.bar if plot["kind"] == "bar" else wandb.plot.scatter
    data = wandb.Table(columns=[plot["x"], plot["y"]], data=pairs, allow_mixed_types=True)
    return draw(data, plot["x"], plot["y"], title=plot["title"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
