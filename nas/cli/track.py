"""`nas track`: a study recorded in Weights & Biases again, from its folder."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from nas.cli.verb import Verb, add_study, add_wandb_place
from nas.errors import NasError

if TYPE_CHECKING:
    from nas.results.study import StudyReader
    from nas.tracking.recorder import Recorded
    from nas.tracking.settings import TrackingSettings


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
    from nas.results.study import StudyReader
    from nas.tracking.settings import TrackingSettings

    study = StudyReader.existing(args.study)
    settings = TrackingSettings(mode=args.mode, project=args.project, entity=args.entity)
    recorded = track(study, args.study, settings)
    if recorded.num_missing:
        raise NasError(
            f"tracking: {recorded.num_missing} of {recorded.num_runs} runs could not be recorded "
            f"({recorded.first_failure}). {study.path} still has them all; try again."
        )
    where = f" in {study.path}/wandb" if args.mode == "offline" else ""
    print(f"{recorded.num_runs} runs recorded {args.mode}{where}")
    return 0


def track(study: "StudyReader", argument: str, settings: "TrackingSettings", *, fresh: bool = True) -> "Recorded":
    """Record the runs of a study from its folder.

    Args:
        study: its reader.
        argument: by which commands find it.
        settings: where the runs go.
        fresh: record every run; else those that are missing there, or have changed.

    Raises:
        NasError: the study is being searched, a file of it is damaged, or a key is missing.
    """
    from nas.cli.report import read_record
    from nas.results.lock import locked
    from nas.results.observer import StudyInfo
    from nas.results.progress import read_progress
    from nas.tracking.rebuild import track_study

    record = read_record(study, argument) if study.has_front() else None
    known = record.front if record else read_progress(study.path)
    info = StudyInfo(
        name=study.path.name,
        folder=study.path,
        settings=study.settings_document() or {},
        objectives=known.objectives if known else (),
        scores=record.front.scores if record else (),
    )
    with locked(study.path):
        return track_study(info, study.trials(), record, settings, fresh=fresh)


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
