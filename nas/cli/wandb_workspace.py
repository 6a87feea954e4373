"""`nas wandb-workspace`: a workspace in Weights & Biases with panels over the runs of a study."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from nas.cli.verb import Verb, add_study, add_wandb_place
from nas.errors import InputError, StudyError

if TYPE_CHECKING:
    from nas.tracking.workspace import WorkspaceContents


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    add_wandb_place(parser)


def _act(args: Namespace) -> int:
    from nas.tracking.settings import TrackingSettings

    settings = TrackingSettings(mode="online", project=args.project, entity=args.entity)
    try:
        from nas.tracking.workspace import save_workspace
    except ModuleNotFoundError as error:
        if error.name != "wandb_workspaces":
            raise
        remedy = "pip install wandb-workspaces, or the extra workspaces of nas-attention."
        raise InputError("nas wandb-workspace", "needs wandb-workspaces", f"no {error.name}", remedy) from None
    print(save_workspace(_contents(args.study), settings))
    return 0


def _contents(argument: str) -> "WorkspaceContents":
    """What the workspace is about; the parameters of an ended study come by importance."""
    from nas.cli.report import read_record
    from nas.results.progress import read_progress
    from nas.results.study import StudyReader
    from nas.tracking.workspace import WorkspaceContents

    study = StudyReader.existing(argument)
    record = read_record(study, argument) if study.has_front() else None
    known = record.front if record else read_progress(study.path)
    if known is None:
        raise StudyError(f"study: {study.path} does not say its objectives yet. Wait until its search has begun.")
    trials = record.trials if record else study.trials()
    important = [effect.name for effect in record.insight.effects] if record else []
    parameters = dict.fromkeys([*important, *(name for trial in trials for name in trial.params)])
    return WorkspaceContents(study=study.path.name, objectives=known.objectives, parameters=tuple(parameters))


VERB = Verb(
    name="wandb-workspace",
    summary="Save a workspace in Weights & Biases with panels over the runs of a study",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas wandb-workspace quick", "prints its address; needs WANDB_API_KEY and the extra workspaces"),
        ("nas wandb-workspace quick --project patterns --entity team", "where the runs are"),
        ("nas track quick --mode online", "sends the runs, if the search did not"),
    ),
)
