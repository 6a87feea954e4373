"""The interface of an export format."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from nas.errors import ExportError, InputError
from nas.export.contract.masks import Reading, compare_masks
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.results.bundle import OPTIONS, ExportSettings
from nas.results.phase import PatternPhase
from nas.results.provenance import Provenance

Files = dict[str, str | bytes]
"""File names to texts, or to bytes where a format is binary."""

Compared = tuple[str, ...]
"""What was compared and found equal, in words."""

EVERY_PHASE: frozenset[PatternPhase] = frozenset(get_args(PatternPhase))
"""Of formats whose files can be used in one phase alone."""

NEEDS_GPU = "it runs only on a GPU, and nas has not run it"
"""Why `nas verify` does not read some formats with their library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The library that a format is for, if `nas verify` can read the files with it.

    Args:
        package: name of the package, as it is installed.
        module: the module of `nas.export.libraries` that reads files with it: `check(files, pattern)`.
    """

    package: str
    module: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One export format.

    Args:
        name: its name for `--format`.
        summary: what it writes and which patterns it can represent, in one line.
        write: the files of a pattern; raises Refusal with the part of the pattern that the format cannot represent.
        check: reads the files back by the rules of the library that the format is for, as nas knows them, and raises
            ExportError unless they describe the pattern.
        usage: how to use the files, in Markdown; part of the README next to them.
        further_usage: what comes after it, in Markdown, where that depends on the pattern or on its phase.
        options: fields of ExportSettings that `write` uses.
        phases: where its files can have a pattern used; one that is used in one phase alone goes into no other format.
        library: the library that also reads the files in `nas verify`; or why none does, as a clause.
        rules: the rules that `write` refuses by, if they are all that it refuses by: a search can then keep to them
            (`deployable_by`); None where rules of layers and heads are not what limits the format.
        drops_windows: whether the library is known to drop the windows of a `model_type` (as in config.json) in
            silence.
    """

    name: str
    summary: str
    write: Callable[[ModelPattern, Provenance, ExportSettings], Files]
    check: Callable[[Files, ModelPattern], Compared]
    usage: str
    further_usage: Callable[[ModelPattern, PatternPhase], str] = lambda pattern, phase: ""
    options: frozenset[str] = frozenset()
    phases: frozenset[PatternPhase] = frozenset(["both"])
    library: Library | str
    rules: ServingRules | None = None
    drops_windows: Callable[[str], bool] = lambda model_type: False

    def check_options(self, settings: ExportSettings) -> None:
        """Refuse settings that the format would ignore.

        Raises:
            InputError: a setting is given that is not among the options.
        """
        for name, value in settings.given().items():
            if name not in self.options:
                taken = ", ".join(sorted(OPTIONS[option] for option in self.options)) or "none of these options"
                raise InputError(OPTIONS[name], f"must be left out, as {self.name} takes {taken}", value)

    def check_phase(self, phase: PatternPhase) -> None:
        """Refuse a pattern that is used in a phase which the format cannot name.

        Raises:
            ExportError: the files would have it used elsewhere too.
        """
        if phase not in self.phases:
            remedy = "Use --format transformers, or search with evaluation.phase=both."
            raise ExportError(f"{self.name}: cannot use a pattern in {phase} alone (evaluation.phase). {remedy}")


def mask_check(name: str, read: Callable[[Files, int], Reading]) -> Callable[[Files, ModelPattern], Compared]:
    """A `check` that compares masks.

    Args:
        name: name of the format, for messages.
        read: from the files and the number of heads to the masks that they describe.
    """
    return lambda files, pattern: compare_masks(read(files, pattern.num_heads), pattern, name)
