"""What an export target is."""

from collections.abc import Callable
from dataclasses import dataclass

from nas.export.provenance import Provenance
from nas.export.settings import ExportSettings
from nas.export.targets.proof import compare_masks
from nas.export.targets.reading import Files, Reading
from nas.patterns.model import ModelPattern

Compared = tuple[str, ...]
"""What was compared and found equal, in words."""

NEEDS_GPU = "it runs on a GPU alone, and nas has not run it"
"""Why the library of some targets is not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The target's own library, where it can be imported.

    Args:
        package: what is to be installed.
        module: the module of `nas.export.libraries` that reads files with it: `check(files, pattern)`.
    """

    package: str
    module: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One target.

    Args:
        summary: what it writes and what it can say, as one line.
        write: the files of a pattern; raises Refusal naming the part of the pattern that the target cannot say.
        prove: reads the files back by the rules of the target, as nas knows them, and raises ExportError unless they
            mean the pattern.
        usage: how the files are used, in Markdown; becomes part of the README beside them.
        options: fields of ExportSettings that it looks at.
        library: what reads the files besides; or why nothing does, as a clause.
    """

    summary: str
    write: Callable[[ModelPattern, Provenance, ExportSettings], Files]
    prove: Callable[[Files, ModelPattern], Compared]
    usage: str
    options: frozenset[str] = frozenset()
    library: Library | str


def proved_by_masks(name: str, read: Callable[[Files, int], Reading]) -> Callable[[Files, ModelPattern], Compared]:
    """A `prove` that compares masks.

    Args:
        name: name of the format, for messages.
        read: from the files and the number of heads to the masks they mean.
    """
    return lambda files, pattern: compare_masks(read(files, pattern.num_heads), pattern, name)
