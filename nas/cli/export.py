"""`nas export`: hand patterns of a study over to the software they run in."""

from argparse import ArgumentParser, Namespace

from nas.cli.verb import Verb, add_study, some_path, trial_number


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--trial", metavar="N", type=trial_number, help="one trial by its number, baselines included")
    which.add_argument(
        "--best",
        metavar="BY",
        default="knee",
        help="the front's knee (default), or its best by an objective such as quality",
    )
    which.add_argument("--front", action="store_true", help="every point of the front, a folder each")
    parser.add_argument(
        "--format", metavar="F", required=True, help="pattern (the JSON file) or flex (a Python module)"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=some_path, required=True, help="folder for the files; made if missing"
    )
    parser.add_argument("--force", action="store_true", help="replace files that are there already")


def _act(args: Namespace) -> int:
    from nas.export import choose_best, choose_trial, export_points, whole_front
    from nas.search.storage.folder import StudyFolder

    folder = StudyFolder.existing(args.study)
    front = folder.front()
    if args.front:
        points = whole_front(front)
    elif args.trial is not None:
        points = [choose_trial(front, args.trial, folder.trials())]
    else:
        points = [choose_best(front, args.best)]
    for path in export_points(points, args.format, args.out, force=args.force):
        print(path)
    return 0


VERB = Verb(
    name="export",
    summary="Write patterns of a study for the software they run in, each read back and compared first",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas export quick --format pattern --out chosen", "the knee of the front, as a pattern file"),
        ("nas export quick --best quality --format flex --out chosen", "a module for FlexAttention"),
        ("nas export quick --front --format flex --out all", "all/trial-00012 and so on"),
        ("nas export quick --trial 0 --format pattern --out full", "any trial"),
    ),
)
