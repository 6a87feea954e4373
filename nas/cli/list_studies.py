"""`nas list`: the studies of a folder."""

import json
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from nas.cli.verb import Verb, some_path


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="FOLDER", nargs="?", type=some_path, default=Path("runs"), help="of studies (default: runs)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def _act(args: Namespace) -> int:
    from rich.console import Console

    from nas.report.studies.list_table import list_document, list_lines
    from nas.report.studies.overview import studies_in

    studies = studies_in(args.folder, time.time())
    if args.json:
        print(json.dumps(list_document(studies), indent=2))
        return 0
    console = Console(highlight=False)
    for line in list_lines(studies, console.width):
        console.print(line)
    if not studies:
        print(f"{args.folder} holds no study. Start one with nas search.")
    return 0


VERB = Verb(
    name="list",
    summary="List the studies of a folder: state, progress, time left and best points",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas list", "the studies of runs/"),
        ("nas list ~/studies", "another folder"),
        ("nas list --json | jq '.[].study'", "for a program"),
    ),
)
