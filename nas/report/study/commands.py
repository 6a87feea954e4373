"""The commands that come after a search, ready to be typed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from shlex import join, quote

from nas.report.study.record import StudyRecord
from nas.results.front import FrontEntry, InCheckpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command with its purpose.

    Args:
        purpose: what it is for, as part of a sentence.
        words: what is typed.
    """

    purpose: str
    words: str


def entry_commands(record: StudyRecord, entry: FrontEntry) -> tuple[Command, ...]:
    """What to do with one pattern: export it, check the export, draw it, count it elsewhere."""
    study, trial = quote(record.argument), quote(f"{record.argument}#{entry.trial}")
    kind = "transformers" if isinstance(record.front.provenance.evaluation, InCheckpoint) else "flex"
    out = f"trial-{entry.trial}"
    tokens = 4 * record.front.provenance.pattern_tokens
    counted = (
        ()
        if entry.pattern.grid
        else (Command(purpose="its cost elsewhere", words=f"nas cost {trial} --tokens {tokens}"),)
    )
    return (
        Command(
            purpose="a module to deploy",
            words=f"nas export {study} --trial {entry.trial} --format {kind} --out {out}",
        ),
        Command(purpose="the export, compared with the pattern", words=f"nas verify {out}"),
        Command(purpose="a picture to print", words=f"nas draw {trial} --out {out}.png"),
        *counted,
    )


def search_on(record: StudyRecord, settings: Iterable[str]) -> tuple[Command, ...]:
    """The command that made the study with more settings, which resumes it; none if it is not known.

    Args:
        record: the study.
        settings: KEY=VALUE, in place of what the command had for these keys.
    """
    added = dict(setting.split("=", 1) for setting in settings)
    if record.words is None or not added:
        return ()
    return (Command(purpose="the search, resumed as the checks advise", words=_searching(record.words, added)),)


def search_again(record: StudyRecord, settings: Iterable[str]) -> tuple[Command, ...]:
    """The command that made the study with more settings, as a study of its own; none if it is not known.

    Args:
        record: the study.
        settings: KEY=VALUE, in place of what the command had for these keys.
    """
    added = dict(setting.split("=", 1) for setting in settings)
    if record.words is None or not added:
        return ()
    named = {"study": f"{record.front.study}-longer", **added}
    return (Command(purpose="longer training, in a study of its own", words=_searching(record.words, named)),)


def _searching(words: Iterable[str], added: Mapping[str, str]) -> str:
    """`nas search` with these words, and with other values of some keys."""
    kept = [word for word in words if word.partition("=")[0] not in added]
    return join(["nas", "search", *kept, *(f"{key}={value}" for key, value in added.items())])


def study_commands(record: StudyRecord) -> tuple[Command, ...]:
    """What to do with the whole study."""
    study = quote(record.argument)
    return (
        Command(
            purpose="every point of the front, exported",
            words=f"nas export {study} --front --format pattern --out front",
        ),
        Command(purpose="this front in the terminal", words=f"nas show {study}"),
    )
