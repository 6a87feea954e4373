"""What a target cannot say, with the place in the pattern."""

from nas.errors import ExportError


class Refusal(ExportError):
    """A pattern that a target cannot say; the message names the primitive, the layer and the heads."""


def refusal(target: str, kind: str, where: str, why: str = "") -> Refusal:
    """The one form of all refusals.

    Args:
        target: name of the format.
        kind: the kind of primitive, or the key of the pattern file, that cannot be said.
        where: layer and heads in words, and the path in the pattern file.
        why: what the target would need, as a clause.
    """
    reason = f": {why}" if why else ""
    return Refusal(f"{target}: cannot say {kind!r} in {where}{reason}. Use --format pattern, which says everything.")
