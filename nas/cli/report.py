"""`nas report`: a study as one HTML page."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from nas.cli.verb import Verb, add_study, some_path
from nas.errors import InputError

if TYPE_CHECKING:
    from nas.report.study.record import StudyRecord
    from nas.results.study import StudyReader


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    parser.add_argument(
        "--out", metavar="HTML", type=some_path, help="write the page there (default: report.html in the study folder)"
    )
    parser.add_argument("--png", metavar="PNG", type=some_path, help="also write the picture of the front there")
    parser.add_argument("--csv", metavar="CSV", type=some_path, help="also write a table of all trials there")


def _act(args: Namespace) -> int:
    from nas.report.page.document import report_html
    from nas.results.study import StudyReader

    for option, suffixes in (("out", (".html", ".htm")), ("png", (".png",)), ("csv", (".csv",))):
        path: Path | None = getattr(args, option)
        if path is not None and path.suffix.lower() not in suffixes:
            raise InputError(f"--{option}", f"must be the path of a {suffixes[0]} file", str(path))
    study = StudyReader.existing(args.study)
    record = read_record(study, args.study)
    _write(args.out or study.path / PAGE, report_html(record))
    if args.png is not None:
        from nas.report.front_picture import draw_front

        draw_front(record.front, args.png)
        print(args.png)
    if args.csv is not None:
        from nas.report.trial_table import trial_table

        _write(args.csv, trial_table(record.front, record.trials))
    return 0


PAGE = "report.html"
"""The name of the page in a study folder."""


def write_report(folder: Path, record: "StudyRecord") -> None:
    """Write the page of a study into its folder, for `nas search`."""
    from nas.files import write_text
    from nas.report.page.document import report_html

    write_text(folder / PAGE, report_html(record))


def read_record(study: "StudyReader", argument: str) -> "StudyRecord":
    """All that a report is made from, read from a study folder.

    Args:
        study: that has ended.
        argument: by which commands find it.

    Raises:
        StudyError: it has not ended, or a file of it is damaged.
    """
    from nas.config.folder import PROXY_TARGET, choices
    from nas.config.target import load_target
    from nas.report.study.record import StudyRecord
    from nas.results.kept_bundle import kept_bundles
    from nas.results.progress import read_progress
    from nas.search.insight import study_insight
    from nas.search.storage.study_folder import StudyFolder

    front, trials = study.front(), study.trials()
    folder = StudyFolder(study.path)
    proposals = {point.trial: folder.read_proposal(point.trial) for point in front.points}
    target = front.provenance.target
    progress = read_progress(study.path)
    return StudyRecord(
        argument=argument,
        front=front,
        trials=trials,
        settings=study.settings_document() or {},
        suggestions={number: proposal.suggestion for number, proposal in proposals.items() if proposal},
        insight=study_insight(front, trials),
        words=progress.command if progress else None,
        bundles=kept_bundles(study.path),
        target=load_target(target) if target in choices("target") and target != PROXY_TARGET else None,
    )


def _write(path: Path, text: str) -> None:
    from nas.files import replacing

    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise InputError(str(path), "must be a file that can be written", error.strerror or str(error)) from None
    print(path)


VERB = Verb(
    name="report",
    summary="Write a study as one HTML page that works offline: what won, by how much, how sure it is",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas report quick", "runs/quick/report.html"),
        ("nas report quick --out quick.html", "a file to send"),
        ("nas report quick --png front.png --csv trials.csv", "the picture and the numbers as well"),
    ),
)
