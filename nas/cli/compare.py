"""`nas compare`: the fronts of several studies side by side."""

from argparse import ArgumentParser, Namespace

from nas.cli.verb import Verb, study_name
from nas.errors import InputError


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "studies", metavar="STUDY", nargs="+", type=study_name, help="names under runs/, or paths of study folders"
    )


def _act(args: Namespace) -> int:
    from rich.console import Console

    from nas.report.studies.compare_table import compare_parts
    from nas.report.studies.side_by_side import side_by_side
    from nas.results.study import StudyReader

    if len(set(args.studies)) < max(2, len(args.studies)):
        raise InputError("STUDY", "must name two or more different studies", " ".join(args.studies))
    readers = {study: StudyReader.existing(study) for study in args.studies}
    fronts = {study: reader.front() for study, reader in readers.items()}
    compared = side_by_side(fronts, [reader.settings_document() or {} for reader in readers.values()])
    console = Console(highlight=False)
    for part in compare_parts(compared, console.width):
        console.print(part)
    return 0


VERB = Verb(
    name="compare",
    summary="Compare the fronts of several studies below one hypervolume reference, and their settings",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas compare quick night", "which found better points, and what was set differently"),
        ("nas compare quick-seed-0 quick-seed-1 quick-seed-2", "the studies of nas search -m seed=0,1,2"),
    ),
)
