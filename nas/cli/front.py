"""`nas front`: the front of a study within other budgets than its own."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nas.cli.verb import Verb, add_study, output_width
from nas.errors import InputError

if TYPE_CHECKING:
    from nas.search.settings import ConstraintSettings

_PREFIX = "constraints."


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    parser.add_argument(
        "budgets",
        metavar="KEY=VALUE",
        nargs="+",
        help="budgets as nas search has them, shares of full attention: constraints.kv_cache_ratio=0.3",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON (schema nas.within/1)")


def _act(args: Namespace) -> int:
    import json

    from nas.config.read import read_settings
    from nas.report.within_table import within_lines
    from nas.results.codec import to_document
    from nas.results.study import StudyReader
    from nas.results.survey import read_survey
    from nas.search.settings import StudySettings
    from nas.search.within import within

    asked = _budgets(args.budgets)
    study = StudyReader.existing(args.study)
    front = study.front()
    settings = read_settings(StudySettings, study.settings_document() or {})
    found = within(front, study.trials(), settings, read_survey(study.path), asked)
    if args.json:
        json.dump(to_document(found), sys.stdout, indent=2)
        print()
    else:
        print("\n".join(within_lines(found, output_width())))
    return 0


def _budgets(words: Sequence[str]) -> "ConstraintSettings":
    """The budgets that the words set.

    Raises:
        InputError: a word is no budget.
    """
    from nas.config.read import read_settings
    from nas.search.settings import ConstraintSettings

    document: dict[str, float] = {}
    for word in words:
        key, mark, text = word.partition("=")
        if not mark or not key.startswith(_PREFIX):
            raise InputError("KEY=VALUE", "must set a budget, such as constraints.kv_cache_ratio=0.3", word)
        try:
            document[key.removeprefix(_PREFIX)] = float(text)
        except ValueError:
            allowed = "must be a share of full attention, above 0 and at most 1"
            raise InputError(key, allowed, text) from None
    return read_settings(ConstraintSettings, document, _PREFIX.rstrip("."))


VERB = Verb(
    name="front",
    summary="Answer another budget from what a study knows: measured points, and patterns that its model predicts",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas front checkpoint constraints.kv_cache_ratio=0.3", "a third of the cache at most, without scoring again"),
        ("nas front checkpoint constraints.kv_cache_ratio=0.3 --json | jq .predicted", "for a program"),
    ),
)
