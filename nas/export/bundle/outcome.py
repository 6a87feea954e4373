"""What was read back of a bundle and compared, as verification.json says it."""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

SCHEMA = "nas.verification/1"
FILE_NAME = "verification.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One reader and what it found equal.

    Args:
        by: who read, with its version.
        compared: what it compared, in words.
    """

    by: str
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The outcome.

    Args:
        format_name: the target.
        pattern_id: id of the pattern.
        checks: who found the files to mean the pattern.
        different: what did not mean it, as a sentence; None if all that was compared was equal.
        unchecked: why the target's own library did not read the files; None if it did.
    """

    format_name: str
    pattern_id: str
    checks: tuple[Check, ...] = ()
    different: str | None = None
    unchecked: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON, schema nas.verification/1."""
        outcome = "different" if self.different else "equal"
        told = asdict(self)
        return {"schema": SCHEMA, "outcome": outcome, "format": told.pop("format_name"), **told}


def own_name() -> str:
    """This software, with its version."""
    return f"nas {version('nas-attention')}"
