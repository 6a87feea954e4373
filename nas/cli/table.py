"""`nas table`: the ground truth of a small space, with every pattern trained for long."""

import json
import math
import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from nas.cli.verb import INTERRUPTED, Verb, some_path, whole_number
from nas.errors import InputError

if TYPE_CHECKING:
    from nas.config.settings import RunSettings

USED = ("preset", "space", "task", "proxy", "training", "seed", "device", "workers", "cohort_size")
"""Settings of a search that a table has as well."""
MOST_PATTERNS = 10_000  # as nas.space.enumerate has it
DEFAULT_SEEDS, DEFAULT_RATES = 2, (2e-3, 4e-3, 8e-3, 1.6e-2)
MOST_SEEDS = 1000  # as nas.ground_truth.plan has it, which is not imported to keep the help fast

_SETTING = re.compile(r"[a-z_.]+=.*")


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", metavar="ACTION", choices=["build", "show"], help="build or show")
    parser.add_argument("file", metavar="FILE", type=some_path, help="the table, a file of JSON Lines (docs/tables.md)")
    parser.add_argument(
        "overrides", metavar="KEY=VALUE", nargs="*", default=[], help="build: a setting of nas search; see below"
    )
    build = parser.add_argument_group("options of build")
    build.add_argument(
        "--seeds",
        metavar="N",
        type=_seeds,
        help=f"seeds per pattern (default: {DEFAULT_SEEDS}); more extend an existing table",
    )
    build.add_argument(
        "--patterns",
        metavar="N",
        type=_patterns,
        help="train N patterns of the space, drawn once for all, and its baselines (default: the whole space alone)",
    )
    build.add_argument(
        "--learning-rates",
        metavar="A,B,...",
        type=_learning_rates,
        help="learning rates to compare; every density band keeps its best (default: 2e-3,4e-3,8e-3,1.6e-2)",
    )
    build.add_argument(
        "--config-dir", metavar="DIR", type=some_path, help="a folder with your own YAML files, laid out like conf/"
    )
    show = parser.add_argument_group("options of show")
    show.add_argument("--json", action="store_true", help="print one JSON object (schema nas.table_summary/1)")
    show.add_argument(
        "--picture", metavar="PNG", type=some_path, help="also draw it there; an older picture is replaced"
    )


def _act(args: Namespace) -> int:
    _check_options(args)
    return _build(args) if args.action == "build" else _show(args)


def _check_options(args: Namespace) -> None:
    """Each action has its own options."""
    if args.action == "show" and args.overrides:
        raise InputError("nas table show", "must be followed by one FILE", args.overrides[0])
    own = {"build": ("seeds", "patterns", "learning_rates", "config_dir"), "show": ("json", "picture")}
    for action, names in own.items():
        given = [name for name in names if getattr(args, name)]
        if action != args.action and given:
            option = f"--{given[0].replace('_', '-')}"
            raise InputError(option, f"must go with nas table {action}", f"nas table {args.action}")


def _build(args: Namespace) -> int:
    from rich.console import Console

    from nas.ground_truth.build import build_table
    from nas.ground_truth.report.progress import make_table_watcher

    if _SETTING.fullmatch(str(args.file)):
        remedy = f"Write nas table build FILE {args.file}."
        raise InputError("FILE", "must be the path of the table, before any setting", str(args.file), remedy)
    settings = _settings(args)
    rates = args.learning_rates or DEFAULT_RATES
    try:
        with make_table_watcher(Console(), str(args.file)) as watcher:
            build_table(settings, args.seeds or DEFAULT_SEEDS, rates, args.file, watcher, args.patterns)
    except KeyboardInterrupt:
        print(
            f"nas: interrupted. Finished runs are kept in {args.file}; the same command resumes from there.",
            file=sys.stderr,
        )
        return INTERRUPTED
    print(f"{args.file} is complete. Next: nas table show {args.file}")
    return 0


def _settings(args: Namespace) -> "RunSettings":
    from nas.config.load import load_settings

    words: Sequence[str] = args.overrides
    keys = [word.partition("=")[0] for word in words]
    for word, key in zip(words, keys, strict=True):
        _check_used(key, word)
    own = [word for word in ("preset=table", "space=tabular") if word.partition("=")[0] not in keys]
    (settings,) = load_settings([*own, *words], config_dir=args.config_dir)
    return settings


def _check_used(key: str, word: str) -> None:
    """Refuse settings that would have no effect; unknown keys are refused where settings are read."""
    from nas.config.settings import RunSettings

    group = key.partition(".")[0]
    if key == "training.learning_rate":
        raise InputError(key, "must be left to the comparison", word, "Use --learning-rates.")
    if group in {field.name for field in fields(RunSettings)} and group not in USED:
        allowed = f"must be left out: a table has only {', '.join(USED)}"
        raise InputError(key, allowed, word)


def _show(args: Namespace) -> int:
    from rich.console import Console

    from nas.ground_truth.file import read_table
    from nas.ground_truth.report.summary import summary_lines, summary_tables
    from nas.ground_truth.summary import summarize

    if args.picture is not None and args.picture.suffix.lower() != ".png":
        raise InputError("--picture", "must be the path of a .png file", str(args.picture))
    table = read_table(args.file)
    summary = summarize(table)
    if args.picture is not None:
        from nas.ground_truth.report.picture import draw_table  # matplotlib takes as long as all other imports

        draw_table(table, args.picture)
    console = Console()
    if args.json:
        print(json.dumps(summary.to_dict(), indent=2, allow_nan=False))
    elif console.is_terminal or "COLUMNS" in os.environ:
        for part in summary_tables(str(args.file), summary, console.width):
            console.print(part)
    else:
        print("\n".join(summary_lines(str(args.file), summary)))
    return 0


def _seeds(text: str) -> int:
    return whole_number(text, 1, MOST_SEEDS)


def _patterns(text: str) -> int:
    return whole_number(text, 1, MOST_PATTERNS)


def _learning_rates(text: str) -> tuple[float, ...]:
    """Numbers separated by commas, for an argparse `type`."""
    try:
        rates = tuple(float(part) for part in text.split(","))
    except ValueError:
        rates = ()
    if not rates or len(set(rates)) < len(rates) or not all(0 < rate < math.inf for rate in rates):
        raise ArgumentTypeError(f"must be different numbers above 0 such as 2e-3,4e-3, got {text!r}")
    return rates


def _notes() -> str:
    from nas.config.folder import choices

    return (
        "settings of build (nas search --help describes them):\n"
        f"  preset=    {', '.join(choices('preset'))} (default: table, whose runs\n"
        "             are 16 times as long as a short one)\n"
        "  space=     the patterns to train (default: tabular); finitely many\n"
        "  task=, task.KEY, proxy.KEY, training.KEY, seed, device, workers, cohort_size\n\n"
        "Stop it whenever you like, with Ctrl-C or worse: the same command resumes it\n"
        "(docs/tables.md)."
    )


VERB = Verb(
    name="table",
    summary="Train every pattern of a small space for long, and show how well shorter runs predict it",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas table build tables/mine.jsonl", "hours; resumes where it was stopped"),
        ("nas table build short.jsonl training.num_steps=480", "an eighth of that"),
        ("nas table build recall.jsonl task=recall proxy.token_shift=true", "another task"),
        ("nas table build tables/mine.jsonl --seeds 3", "a third seed for a table with two"),
        ("nas table build part.jsonl --patterns 32", "a part of the space, and its baselines"),
        ("nas table show tables/mine.jsonl", "rankings, noise, true front"),
        ("nas table show tables/mine.jsonl --picture table.png", "also a picture, a line per pattern"),
        ("nas table show tables/mine.jsonl --json | jq .rungs[].tau", "for a program"),
    ),
    notes=_notes,
)
