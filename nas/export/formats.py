"""Every export target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nas.export import flex_module, pattern_file
from nas.export.provenance import Provenance
from nas.patterns.model import ModelPattern

Files = Mapping[str, str]
"""File names to their texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One target.

    Args:
        write: the files of a pattern; raises ExportError naming the part of the pattern that the target cannot say.
        prove: reads the files back by the target's own means and raises ExportError unless they mean the pattern.
        usage: how the files are used, in Markdown; becomes part of the README beside them.
    """

    write: Callable[[ModelPattern, Provenance], dict[str, str]]
    prove: Callable[[Files, ModelPattern], None]
    usage: str


FORMATS: dict[str, Format] = {
    "pattern": Format(write=pattern_file.write, prove=pattern_file.prove, usage=pattern_file.USAGE),
    "flex": Format(write=flex_module.write, prove=flex_module.prove, usage=flex_module.USAGE),
}
"""What `--format` may name. To add a target, see CONTRIBUTING.md."""
