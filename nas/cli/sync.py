"""`nas sync`: a database made what the folder of a study is."""

from argparse import ArgumentParser, Namespace

from nas.cli.verb import Verb, add_study


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    parser.add_argument(
        "--storage",
        metavar="URL",
        help="the database, without a password (default: NAS_STORAGE, or else study.db in the study folder)",
    )


def _act(args: Namespace) -> int:
    from nas.report.quantities import format_count
    from nas.results.lock import locked
    from nas.results.study import StudyReader
    from nas.search.storage.follower import sync_study
    from nas.search.storage.study_folder import StudyFolder

    folder = StudyFolder(StudyReader.existing(args.study).path)
    with locked(folder.path):
        num_trials, place = sync_study(folder, args.storage)
    print(f"{format_count(num_trials, 'trial')} of {folder.path} in {place}")
    return 0


VERB = Verb(
    name="sync",
    summary="Make a database what the folder of a study is, for optuna-dashboard",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas sync quick", "the database that NAS_STORAGE names, or runs/quick/study.db"),
        ("nas sync quick --storage postgresql://team@db.example/nas", "with the password of ~/.pgpass or PGPASSWORD"),
    ),
)
