"""`nas track`: a study recorded in Weights & Biases again, from its folder."""

from argparse import ArgumentParser, Namespace

from nas.cli.verb import Verb, add_study, add_wandb_place
from nas.errors import NasError


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    parser.add_argument(
        "--mode",
        choices=["offline", "online"],
        default="offline",
        help="files in the study folder, or sent at once (default: offline)",
    )
    add_wandb_place(parser)


def _act(args: Namespace) -> int:
    from nas.cli.report import read_record
    from nas.results.lock import locked
    from nas.results.observer import StudyInfo
    from nas.results.progress import read_progress
    from nas.results.study import StudyReader
    from nas.tracking.rebuild import track_study
    from nas.tracking.settings import TrackingSettings

    study = StudyReader.existing(args.study)
    settings = TrackingSettings(mode=args.mode, project=args.project, entity=args.entity)
    record = read_record(study, args.study) if study.has_front() else None
    known = record.front if record else read_progress(study.path)
    info = StudyInfo(
        name=study.path.name,
        folder=study.path,
        settings=study.settings_document() or {},
        objectives=known.objectives if known else (),
        scores=record.front.scores if record else (),
    )
    with locked(study.path):
        recorded = track_study(info, study.trials(), record, settings)
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
