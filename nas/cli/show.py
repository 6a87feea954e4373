"""`nas show`: the front of a study."""

import sys
from argparse import ArgumentParser, Namespace

from nas.cli.verb import Verb, add_study


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    parser.add_argument("--json", action="store_true", help="print front.json (schema nas.front/1)")


def _act(args: Namespace) -> int:
    from nas.cli.front_output import print_front
    from nas.search.folder.study_folder import StudyFolder

    folder = StudyFolder.existing(args.study)
    front = folder.front()
    if args.json:
        sys.stdout.write((folder.path / "front.json").read_text(encoding="utf-8"))
    else:
        print_front(front)
    return 0


VERB = Verb(
    name="show",
    summary="Show the Pareto front of a study, with the baselines beside it",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas show quick", "as a table"),
        ("nas show quick --json | jq .points[0]", "for a program"),
        ("nas show ~/studies/long-text", "a study elsewhere"),
    ),
)
