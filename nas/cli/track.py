"""`nas track`: a study recorded in Weights & Biases again, from its folder."""

from argparse import ArgumentParser, Namespace

from nas.cli.verb import Verb, add_study
from nas.errors import NasError


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    parser.add_argument(
        "--mode",
        choices=["offline", "online"],
        default="offline",
        help="files in the study folder, or sent at once (default: offline)",
    )
    parser.add_argument("--project", metavar="P", default="nas", help="W&B project (default: nas)")
    parser.add_argument("--entity", metavar="E", help="W&B user or team (default: the key's own)")


def _act(args: Namespace) -> int:
    from nas.results.lock import locked
    from nas.results.observer import StudyInfo
    from nas.results.study import StudyReader
    from nas.tracking.rebuild import track_study
    from nas.tracking.settings import TrackingSettings

    study = StudyReader.existing(args.study)
    settings = TrackingSettings(mode=args.mode, project=args.project, entity=args.entity)
    front = study.front() if study.has_front() else None
    info = StudyInfo(
        name=study.path.name,
        folder=study.path,
        settings=study.settings_document() or {},
        objectives=front.objectives if front else (),
        scores=front.scores if front else (),
    )
    with locked(study.path):
        recorded = track_study(info, study.trials(), front, settings)
    if recorded.num_missing:
        raise NasError(
            f"tracking: {recorded.num_missing} of {recorded.num_runs} runs could not be recorded "
            f"({recorded.first_failure}). {study.path} still has them all; try again."
        )
    where = f" in {study.path}/wandb" if args.mode == "offline" else ""
    print(f"{recorded.num_runs} runs recorded {args.mode}{where}")
    return 0


VERB = Verb(
    name="track",
    summary="Record every run of a study in Weights & Biases again, from the study folder",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas track quick", "files in runs/quick/wandb, for wandb sync"),
        ("nas track quick --mode online --project patterns", "sent at once; needs WANDB_API_KEY"),
    ),
)
