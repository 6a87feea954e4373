"""The records of an export next to its files: bundle.json and verification.json."""

from importlib.metadata import version
from typing import Final, Literal

from msgspec.structs import asdict

from nas.errors import InputError
from nas.ranges import MOST_TOKENS
from nas.results.codec import Value

BUNDLE_FILE, VERIFICATION_FILE = "bundle.json", "verification.json"
BUNDLE_SCHEMA: Final = "nas.bundle/1"
VERIFICATION_SCHEMA: Final = "nas.verification/1"

OPTIONS = {"num_tokens": "--tokens", "block_tokens": "--block", "num_kv_heads": "--kv-heads"}
"""The option of `nas export` that sets each number of `ExportSettings`."""


class ExportSettings(Value, frozen=True, kw_only=True):
    """Numbers that some formats need and a pattern does not contain; None for the format's default.

    Args:
        num_tokens: sequence length, in tokens.
        block_tokens: side of a block, in tokens.
        num_kv_heads: key-value heads of a layer, a divisor of the pattern's heads.

    Raises:
        InputError: a number is below 1 or far too large.
    """

    num_tokens: int | None = None
    block_tokens: int | None = None
    num_kv_heads: int | None = None

    def __post_init__(self) -> None:
        for name, value in self.given().items():
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not (whole and 1 <= value <= MOST_TOKENS):
                raise InputError(OPTIONS[name], f"must be a whole number from 1 to {MOST_TOKENS}", value)

    def given(self) -> dict[str, int]:
        """The numbers that were chosen, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class Bundle(Value, frozen=True, kw_only=True):
    """How an export was written.

    Args:
        format: name of the format.
        settings: the numbers that the format was given.
        files: names of the format's own files, in the order of writing.
        written_by: this software, with its version.
    """

    schema: Literal["nas.bundle/1"] = BUNDLE_SCHEMA
    format: str
    settings: ExportSettings
    files: tuple[str, ...]
    written_by: str


class Check(Value, frozen=True, kw_only=True):
    """A reader of the files, and what it found equal to the pattern.

    Args:
        by: the software that read them, with its version.
        compared: what was compared, in words.
    """

    by: str
    compared: tuple[str, ...]


class Verification(Value, frozen=True, kw_only=True):
    """The outcome of reading an export back and comparing it with its pattern.

    Args:
        outcome: equal if the files describe the pattern.
        format: name of the format.
        pattern_id: id of the pattern.
        checks: the readers that found the files equal to the pattern.
        different: the first difference, as a sentence; None if there was none.
        unchecked: why the format's own library did not read the files; None if it did.
    """

    schema: Literal["nas.verification/1"] = VERIFICATION_SCHEMA
    outcome: Literal["equal", "different"] = "equal"
    format: str
    pattern_id: str
    checks: tuple[Check, ...] = ()
    different: str | None = None
    unchecked: str | None = None


def own_name() -> str:
    """This software, with its version."""
    return f"nas {version('nas-attention')}"
