"""`nas export`: patterns of a study as files for the libraries that run them."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from nas.cli.tracked_bundles import track_bundles
from nas.cli.verb import HELP_WIDTH, Verb, add_study, sequence_length, some_path, trial_number
from nas.errors import InputError

if TYPE_CHECKING:
    from nas.export import ServedModel
    from nas.patterns.model import ModelPattern
    from nas.results.study import StudyReader


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--trial", metavar="N", type=trial_number, help="one trial by its number; baselines are trials too"
    )
    which.add_argument(
        "--best",
        metavar="BY",
        default="knee",
        help="the knee of the front (default), or its best point by an objective such as quality",
    )
    which.add_argument("--front", action="store_true", help="every point of the front, each in its own folder")
    parser.add_argument("--format", metavar="F", required=True, help="one of the formats below")
    parser.add_argument(
        "--out", metavar="DIR", type=some_path, required=True, help="folder for the files, created if missing"
    )
    parser.add_argument(
        "--model",
        metavar="FILE",
        type=some_path,
        help="the config.json of the model that the files are for: refuse what it would not run, or drop in silence"
        " (default: the checkpoint that was searched, while it is there)",
    )
    parser.add_argument("--force", action="store_true", help="replace existing files")
    numbers = parser.add_argument_group("options of some formats")
    numbers.add_argument("--tokens", metavar="N", type=sequence_length, help="sequence length (default: the study's)")
    numbers.add_argument("--block", metavar="B", type=sequence_length, help="side of a block in the mask, in tokens")
    numbers.add_argument(
        "--kv-heads", metavar="K", type=sequence_length, help="KV heads per layer (default: one per head)"
    )


def _act(args: Namespace) -> int:
    from nas.export import ExportSettings, choose_best, choose_trial, export_points, whole_front
    from nas.results.study import StudyReader

    study = StudyReader.existing(args.study)
    front = study.front()
    if args.front:
        points = whole_front(front)
    elif args.trial is not None:
        points = [choose_trial(front, args.trial, study.trials())]
    else:
        points = [choose_best(front, args.best)]
    settings = ExportSettings(num_tokens=args.tokens, block_tokens=args.block, num_kv_heads=args.kv_heads)
    others = whole_front(front) if front.points else []
    model = _served(args.model) if args.model else _searched(study, points[0].pattern)
    written = export_points(
        points, args.format, args.out, settings=settings, front=others, model=model, force=args.force
    )
    for path in written:
        print(path)
    bundles = {
        one.provenance.trial: [path for path in written if path.parent == args.out / one.subfolder] for one in points
    }
    track_bundles(study, args.study, args.format, bundles)
    return 0


def _searched(study: "StudyReader", pattern: "ModelPattern") -> "ServedModel | None":
    """The checkpoint in which a study searched a pattern; None without one, or where its config.json is not here."""
    from nas.config.model_config import read_model_fields
    from nas.export import ServedModel

    checkpoint = (study.settings_document() or {}).get("checkpoint")
    if not isinstance(checkpoint, str):
        return None
    try:
        fields = read_model_fields(Path(checkpoint).expanduser() / "config.json", "checkpoint")
    except InputError:  # it was moved since, or is a name on the hub
        return None
    return ServedModel(
        where="checkpoint",
        model_type=fields.model_type,
        num_layers=pattern.num_layers,
        num_heads=pattern.num_heads,
    )


def _served(config: Path) -> "ServedModel":
    from nas.config.model_config import read_model_fields
    from nas.export import ServedModel

    fields = read_model_fields(config, "--model")
    return ServedModel(
        where="--model",
        model_type=fields.model_type,
        num_layers=fields.count("num_hidden_layers"),
        num_heads=fields.count("num_attention_heads"),
    )


def _formats() -> str:
    from nas.export import FORMATS

    width = max(map(len, FORMATS))
    gap = " " * (width + 4)
    lines = (
        fill(export_format.summary, HELP_WIDTH, initial_indent=f"  {name:<{width}}  ", subsequent_indent=gap)
        for name, export_format in FORMATS.items()
    )
    return "formats, and what each can represent:\n" + "\n".join(lines)


VERB = Verb(
    name="export",
    summary="Write patterns of a study for the libraries that run them, each checked by reading it back",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas export quick --format pattern --out chosen", "the knee of the front, as a pattern file"),
        ("nas export quick --best quality --format flex --out chosen", "a module for FlexAttention"),
        ("nas export quick --format transformers --out chosen", "a module for any decoder of transformers"),
        ("nas export quick --front --format flex --out all", "all/trial-00012 and so on"),
        ("nas export quick --trial 0 --format pattern --out full", "a trial by its number"),
    ),
    notes=_formats,
)
