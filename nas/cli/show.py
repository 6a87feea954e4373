"""`nas show`: the front of a study."""

import sys
from argparse import ArgumentParser, Namespace

from nas.cli.verb import Verb, add_study


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    parser.add_argument(
        "--wide", action="store_true", help="print every column, one line per trial, however wide (default: as fits)"
    )
    parser.add_argument("--json", action="store_true", help="print front.json (schema nas.front/1)")


def _act(args: Namespace) -> int:
    from nas.report.front_table import print_front
    from nas.results.study import StudyReader

    study = StudyReader.existing(args.study)
    front = study.front()
    if args.json:
        sys.stdout.write(study.front_json().decode())
    else:
        print_front(front, wide=args.wide)
    return 0


VERB = Verb(
    name="show",
    summary="Show the Pareto front of a study, and its baselines",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas show quick", "as a table"),
        ("nas show quick --wide | less -S", "every column, such as each depth of a needle"),
        ("nas show quick --json | jq .points[0]", "for a program"),
        ("nas show ~/studies/long-text", "a study in another folder"),
    ),
)
