"""`nas track`: record a study in Weights & Biases again, from its folder."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from nas.cli.verb import Verb, add_study
from nas.errors import NasError

if TYPE_CHECKING:
    from nas.results.observer import StudyInfo
    from nas.search.folder.study_folder import StudyFolder


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    parser.add_argument("--mode", choices=["offline", "online"], default="offline", help="where to (default: offline)")
    parser.add_argument("--project", metavar="P", default="nas", help="W&B project (default: nas)")
    parser.add_argument("--entity", metavar="E", help="W&B user or team (default: the key's own)")


def _act(args: Namespace) -> int:
    from nas.search.folder.study_folder import StudyFolder
    from nas.tracking.rebuild import track_study
    from nas.tracking.settings import TrackingSettings

    folder = StudyFolder.existing(args.study)
    settings = TrackingSettings(mode=args.mode, project=args.project, entity=args.entity)
    front = folder.front() if (folder.path / "front.json").is_file() else None
    with folder.locked():
        recorded = track_study(_info(folder, front), folder.trials(), front, settings)
    if recorded.num_missing:
        raise NasError(
            f"tracking: {recorded.num_missing} of {recorded.num_runs} runs could not be recorded "
            f"({recorded.first_failure}). Nothing is lost in {folder.path}; try again."
        )
    print(
        f"{recorded.num_runs} runs recorded {args.mode}"
        + (f" in {folder.path}/wandb" if args.mode == "offline" else "")
    )
    return 0


def _info(folder: "StudyFolder", front: dict[str, Any] | None) -> "StudyInfo":
    from nas.config.read import read_settings
    from nas.config.settings import RunSettings
    from nas.results.observer import StudyInfo

    document = folder.settings_document()
    assert document is not None, "StudyFolder.existing has seen it"
    settings = read_settings(RunSettings, document, "config.yaml")
    num_baselines = sum(trial.baseline is not None for trial in folder.trials())
    return StudyInfo(
        name=folder.path.name,
        folder=folder.path,
        settings=settings,
        objectives=tuple(front["objectives"]) if front else (),
        scores=tuple(front["scores"]) if front else (),
        num_trials=num_baselines + settings.num_trials,
    )


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
