"""The commands that come after a search, ready to be typed."""

from dataclasses import dataclass
from shlex import quote

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
