"""What every primitive must say about itself."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

from torch import Tensor

from nas.errors import PatternError
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.support import Positions, Support

Grid = tuple[int, int] | None
"""Rows and columns of a 2-D input read row by row, or None."""


@dataclass(frozen=True, slots=True)
class Primitive(ABC):
    """One kind of attention: a frozen value that a head's `attend` may hold.

    Most are masks (`MaskPrimitive`); some compute something (`ComputedPrimitive`). To add one, see CONTRIBUTING.md.
    """

    kind: ClassVar[str]
    shows_self: ClassVar[bool]
    """Whether every query sees itself at every length."""

    def simplified(self, causal: bool) -> "Primitive | None":
        """The canonical value that means the same at every length; None if it shows nothing."""
        return self

    def covers(self, other: "Primitive", causal: bool) -> bool:
        """True if `other` surely shows nothing that this one does not show, at every length."""
        return self == other

    def needs(self, causal: bool, grid: Grid) -> None:  # noqa: B027 (most kinds need nothing)
        """Raise PatternError where the primitive cannot be used in such a model."""

    def to_dict(self) -> dict[str, int | str]:
        """The primitive as it stands in a pattern file, every parameter written out."""
        return {"kind": self.kind} | {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class MaskPrimitive(Primitive):
    """One rule of visibility: a frozen value, one vectorised predicate, one slow reference.

    A primitive never applies the causal cut j <= i; `HeadPattern` does, for all of them at once.
    To add one: subclass, list it in `primitives/__init__.py`, and give it a strategy in `tests/strategies.py`,
    with which it takes the exam of `tests/patterns/test_primitives.py`.
    """

    @abstractmethod
    def visible(self, query: Tensor, key: Tensor, context: MaskContext) -> Tensor:
        """Which keys each query sees: the vectorised predicate, used for masks and FlexAttention.

        Args:
            query: absolute query positions, int64, broadcastable against `key`, in tokens.
            key: absolute key positions, int64, in tokens.

        Returns:
            bool tensor of the broadcast shape.
        """

    @abstractmethod
    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        """The definition of docs/patterns.md word for word, for one pair: the oracle of the tests."""

    @abstractmethod
    def support(self, context: MaskContext) -> Support:
        """The same set as bands, boxes, progressions and key columns, in O(n)."""

    @abstractmethod
    def last_query(self, context: MaskContext) -> Positions:
        """The last query that sees each key through this primitive, shape (n,); -1 where none does."""

    def span(self, causal: bool) -> tuple[int, int] | None:
        """The farthest earlier and later key a query sees, in tokens; None if no length bounds them."""
        return None

    def covers(self, other: Primitive, causal: bool) -> bool:
        """See `Primitive.covers`: besides itself, whatever shows the query alone."""
        alone = isinstance(other, MaskPrimitive) and other.span(causal) == (0, 0)
        return self == other or (self.shows_self and alone)


@dataclass(frozen=True, slots=True)
class ComputedPrimitive(Primitive):
    """A kind that computes what its queries read instead of naming pairs; it stands alone in its head's `attend`."""

    @abstractmethod
    def row_pairs(self, context: MaskContext) -> Positions:
        """How many rows of keys each query is compared with, shape (n,), int64: exact whatever the content."""

    @abstractmethod
    def extra_flops(self, context: MaskContext, d_head: int) -> int:
        """What is computed beside the scores and the weighted values, in FLOP, for one head and one sequence."""

    @property
    @abstractmethod
    def projected_rows(self) -> int:
        """Rows of keys (and as many of values) that stand in for the keys themselves; 0 where these are read."""

    @abstractmethod
    def certain(self) -> tuple[MaskPrimitive, ...]:
        """The pairs that are attended whatever the content, as masks: what drawings fill."""

    @abstractmethod
    def possible(self) -> tuple[MaskPrimitive, ...]:
        """The pairs that content may choose, the certain ones included, as masks: what reach follows."""


LARGEST = 2**31 - 1
"""Largest whole number that a pattern may hold: products of two still fit in 64 bits."""


def require_int(name: str, value: object, at_least: int, at_most: int = LARGEST) -> None:
    """Raise PatternError unless `value` is a true integer from `at_least` to `at_most` (a bool is none)."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise PatternError(name, "must be a whole number", value)
    if value < at_least:
        raise PatternError(name, f"must be {at_least} or more", value)
    if value > at_most:
        raise PatternError(name, f"must be {at_most} or less", value)


def require_grid(kind: str, grid: Grid) -> None:
    """Raise PatternError unless there is a grid."""
    if grid is None:
        remedy = 'Give the pattern "grid": [rows, columns].'
        raise PatternError("", f"must stand in a pattern with a grid, since {kind} is two-dimensional", grid, remedy)
