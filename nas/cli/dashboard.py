"""`nas dashboard`: Optuna's dashboard over a study."""

from argparse import ArgumentParser, Namespace
from functools import partial

from nas.cli.verb import Verb, add_port, add_study
from nas.errors import InputError


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    add_port(parser, 8080)


def _act(args: Namespace) -> int:
    from nas.results.study import StudyReader

    study = StudyReader.existing(args.study)
    try:
        from nas.serve.dashboard import Dashboard, serve_dashboard
    except ModuleNotFoundError as error:
        if error.name not in ("optuna_dashboard", "bottle"):
            raise
        remedy = "pip install optuna-dashboard, or the extra dashboard of nas-attention."
        raise InputError("nas dashboard", "needs optuna-dashboard", f"no {error.name}", remedy) from None
    from nas.search.storage.snapshot import read_snapshot
    from nas.search.storage.study_folder import StudyFolder
    from nas.serve.loopback import LOOPBACK, listen

    database = StudyFolder(study.path).database
    app = Dashboard(database, partial(read_snapshot, database))
    listening = listen(args.port)
    print(f"{study.path} at http://{LOOPBACK}:{listening.getsockname()[1]}/ (Ctrl-C ends it)", flush=True)
    serve_dashboard(app, listening)
    return 0


VERB = Verb(
    name="dashboard",
    summary="Serve Optuna's dashboard over a copy of a study, on this machine alone",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas dashboard quick", "http://127.0.0.1:8080/; needs the extra dashboard"),
        ("nas dashboard quick --port 0", "at any free port"),
    ),
)
