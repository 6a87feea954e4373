"""`nas search`: run a study, or resume it."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from nas.cli.verb import INTERRUPTED, Verb, some_path
from nas.errors import first_line

if TYPE_CHECKING:
    from nas.config.settings import RunSettings
    from nas.results.front import Front


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("overrides", metavar="KEY=VALUE", nargs="*", help="a setting; the keys are listed below")
    parser.add_argument(
        "--config-dir", metavar="DIR", type=some_path, help="a folder with your own YAML files, laid out like conf/"
    )
    parser.add_argument("--cfg", choices=["job"], help="print the settings that would be used, and exit")
    parser.add_argument(
        "-m", "--multirun", action="store_true", help="run a study for every combination of values such as seed=0,1,2"
    )


def _act(args: Namespace) -> int:
    from nas.config.load import load_settings, to_yaml

    studies = load_settings(args.overrides, config_dir=args.config_dir, multirun=args.multirun)
    if args.cfg:
        print("---\n".join(to_yaml(settings) for settings in studies), end="")
        return 0
    if sys.stderr.isatty():  # else a terminal is silent for seconds after the command
        print("Loading PyTorch: a few seconds until the search begins.", file=sys.stderr)
    folder = ["--config-dir", str(args.config_dir)] if args.config_dir else []
    words = None if args.multirun else [*args.overrides, *folder]
    for settings in studies:
        try:
            _search(settings, words)
        except KeyboardInterrupt:
            print(_how_to_resume(settings), file=sys.stderr)
            return INTERRUPTED
    return 0


def _search(settings: "RunSettings", words: Sequence[str] | None) -> None:
    """Run a study and show what came out.

    Args:
        settings: of the study.
        words: of the command line; None if it asks for several studies.
    """
    from rich.console import Console

    from nas.report.progress.watch import make_progress
    from nas.results.observer import READING

    watcher = make_progress(Console())
    if settings.checkpoint is not None:
        watcher.preparation_progressed(READING)  # the imports below take seconds

    from nas.cli.report import PAGE, read_record, write_report
    from nas.report.front_picture import draw_front
    from nas.report.front_table import print_front
    from nas.report.progress.progress_file import ProgressFile
    from nas.report.quantities import format_count
    from nas.results.study import StudyReader, study_path
    from nas.results.trial import TrialState
    from nas.search.study import run_study
    from nas.tracking.wandb_tracker import make_observer

    folder = study_path(settings.study, settings.runs_folder)
    command = tuple(words) if words is not None and not any(map(_has_secret, words)) else None
    record = cache(lambda: read_record(StudyReader(folder), _argument(settings)))
    tracker = make_observer(settings.tracking, record)
    observers = [watcher, ProgressFile(command=command), *([tracker] if tracker else [])]
    front = run_study(settings, observers)
    print_front(front)
    try:
        draw_front(front, folder / "front.png")
    except Exception as error:  # the result is there, and a picture is no reason to report a failure
        print(f"nas: {folder / 'front.png'} was not drawn ({first_line(error)}).", file=sys.stderr)
    try:
        write_report(folder, record())
    except Exception as error:  # neither is a page
        print(f"nas: {folder / PAGE} was not written ({first_line(error)}).", file=sys.stderr)
    if num_failed := front.trials.get(TrialState.FAILED):
        where = f"failure.txt in their folders under {folder / 'trials'} says why"
        print(f"{format_count(num_failed, 'trial')} failed: {where}, and the same command retries them.")
    print("\n".join(_what_next(settings, front, folder)))


def _what_next(settings: "RunSettings", front: "Front", folder: Path) -> Iterator[str]:
    """Where the result is, and the next commands: a line each, short enough not to be broken inside a word."""
    from nas.cli.report import PAGE
    from nas.report.study.verdict import best_compromise

    yield f"In {folder}: front.json, front.csv, front.png, {PAGE}"
    yield f"Next: open {folder / PAGE} in a browser"
    if best := best_compromise(front):
        study = _argument(settings)
        kind = "flex" if settings.checkpoint is None else "transformers"
        yield f"      nas draw {quote(f'{study}#{best.trial}')}"
        yield f"      nas export {quote(study)} --best knee --format {kind} --out chosen"


def _has_secret(word: str) -> bool:
    """Whether a KEY=VALUE has what looks like a credential: what is kept here is sent to others."""
    from nas.redact import redact

    key, _, value = word.partition("=")
    return bool(redact(value, key) != value)


def _argument(settings: "RunSettings") -> str:
    """The argument by which other commands find the study."""
    from nas.results.study import study_path

    named = settings.runs_folder == "runs"
    return settings.study if named else str(study_path(settings.study, settings.runs_folder))


def _how_to_resume(settings: "RunSettings") -> str:
    from nas.results.study import study_path

    folder = study_path(settings.study, settings.runs_folder)
    return f"nas: interrupted. Finished trials are kept in {folder}; the same command resumes from there."


def _notes() -> str:
    from nas.cli.search_help import keys_text

    return keys_text()


VERB = Verb(
    name="search",
    summary="Search patterns and print their Pareto front; the same command resumes a stopped search",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas search preset=smoke", "a first try, under a minute"),
        ("nas search", "the default: text, a few minutes on two cores"),
        ("nas search study=mine task.path=notes/ task.num_tokens=256", "your own text"),
        ("nas search task=recall proxy.token_shift=true", "associative recall instead of text"),
        ("nas search extra_tasks=[recall] task_quality=mean_rank", "good at both, by the mean of the ranks"),
        ("nas search target=llama-3-8b-32k constraints.flops_ratio=0.5", "costs of a real model, with a budget"),
        ("nas search space=my_module:MySpace space.options.width=[8,16]", "a space of your own"),
        ("nas search -m seed=0,1,2", "three studies: quick-seed-0 and so on"),
        ("nas search preset=overnight --cfg job", "every setting with its value; nothing runs"),
    ),
    notes=_notes,
)
