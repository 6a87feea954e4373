"""`nas serve`: a local page over the studies of a folder."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from nas.cli.verb import Verb, add_port, some_path
from nas.errors import InputError

if TYPE_CHECKING:
    from nas.results.study import StudyReader


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="FOLDER", nargs="?", type=some_path, default=Path("runs"), help="of studies (default: runs)"
    )
    add_port(parser, 8765)


def _act(args: Namespace) -> int:
    try:
        from nas.serve.app import make_app, serve
        from nas.serve.loopback import LOOPBACK, listen
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("starlette", "uvicorn"):
            raise
        remedy = "pip install starlette uvicorn, or the extra serve of nas-attention."
        raise InputError("nas serve", "needs starlette and uvicorn", f"no {missing}", remedy) from None
    if not args.folder.is_dir():
        raise InputError("FOLDER", "must be a folder of studies", str(args.folder), "Start a study with nas search.")
    app = make_app(args.folder, _report)
    listening = listen(args.port)
    print(f"{args.folder} at http://{LOOPBACK}:{listening.getsockname()[1]}/ (Ctrl-C ends it)", flush=True)
    serve(app, listening)
    return 0


def _report(study: "StudyReader") -> str:
    from nas.cli.report import read_record
    from nas.report.page.document import report_html

    named = study.path.parent == Path("runs")
    return report_html(read_record(study, study.path.name if named else str(study.path)))


VERB = Verb(
    name="serve",
    summary="Serve a local page over the studies of a folder: live progress, fronts, reports, comparisons",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas serve", "runs/ at http://127.0.0.1:8765/, read-only, on this machine alone"),
        ("nas serve ~/studies --port 0", "another folder, at any free port"),
    ),
)
