"""What a user may choose about an export beside the pattern and the target."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from nas.costs.target import MOST_TOKENS
from nas.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """Numbers that some targets need and a pattern does not have; None for a target's own default.

    Args:
        num_tokens: sequence length, in tokens.
        block_tokens: side of a block, in tokens.
        num_kv_heads: key-value heads a layer, a divisor of the pattern's heads.

    Raises:
        InputError: a number below 1 or far too large.
    """

    num_tokens: int | None = None
    block_tokens: int | None = None
    num_kv_heads: int | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and 1 <= value <= MOST_TOKENS):
                raise InputError(OPTIONS[field.name], f"must be a whole number from 1 to {MOST_TOKENS}", value)

    def given(self) -> dict[str, int]:
        """What was chosen, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


OPTIONS = {"num_tokens": "--tokens", "block_tokens": "--block", "num_kv_heads": "--kv-heads"}
"""The option of `nas export` that sets each number."""
