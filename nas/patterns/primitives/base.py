"""The interface of primitives."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

from nas.errors import PatternError
from nas.patterns.arrays import Array, Positions
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Support

Grid = tuple[int, int] | None
"""Rows and columns of a 2-D input read row by row, or None."""


@dataclass(frozen=True, slots=True)
class Primitive(ABC):
    """One kind of attention: a frozen value in a head's `attend`.

    Most are masks (`MaskPrimitive`); some compute something (`ComputedPrimitive`). To add one, see CONTRIBUTING.md.
    """

    kind: ClassVar[str]
    shows_self: ClassVar[bool]
    """Whether every query sees itself, at every length."""

    def simplified(self, causal: bool) -> "Primitive | None":
        """The canonical value that means the same at every length; None if it shows nothing."""
        return self

    def covers(self, other: "Primitive", causal: bool) -> bool:
        """True only if this one shows all that `other` shows, at every length; False if unknown."""
        return self == other

    def needs(self, causal: bool, grid: Grid) -> None:  # noqa: B027 (most kinds can be used anywhere)
        """Raise PatternError where the primitive cannot be used in such a model."""

    def to_dict(self) -> dict[str, int | str]:
        """The primitive as pattern files hold it, with every parameter."""
        return {"kind": self.kind} | {field.name: getattr(self, field.name) for field in fields(self)}

    @abstractmethod
    def label(self, causal: bool) -> str:
        """The short form of docs/patterns.md, in keys (`w16`): ASCII, without spaces, commas and plus signs.

        Two canonical primitives of one pattern share it only if they are equal.
        """

    @abstractmethod
    def words(self, causal: bool) -> str:
        """What the label says, in words (`window of 16 keys`): every number counts what the label counts."""

    @abstractmethod
    def scaled(self, scale: Scale) -> "Primitive":
        """The same choice at another sequence length."""


@dataclass(frozen=True, slots=True)
class MaskPrimitive(Primitive):
    """One rule of visibility: a frozen value, one vectorised predicate, one slow reference.

    A primitive never applies the causal cut j <= i; `HeadPattern` does, for the whole union.
    To add one: subclass, list it in `primitives/__init__.py`, and give it a strategy in `tests/strategies.py`;
    the contract tests in `tests/patterns/primitives/test_primitives.py` then cover it.
    What is special to it is tested in a test file of its own name.
    """

    @abstractmethod
    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        """Which keys each query sees: the vectorised predicate, used for masks and FlexAttention.

        Uses only operators that numpy and torch share, so that patterns need no torch.

        Args:
            query: absolute query positions, int64, broadcastable against `key`, in tokens.
            key: absolute key positions, int64, in tokens.

        Returns:
            bool, of the broadcast shape, as numpy array or tensor as the positions are.
        """

    @abstractmethod
    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        """The definition in docs/patterns.md, word for word, for one pair: the oracle of the tests."""

    @abstractmethod
    def support(self, context: MaskContext) -> Support:
        """The same set as bands, boxes, progressions, keys and queries, in O(n)."""

    @abstractmethod
    def last_query(self, context: MaskContext) -> Positions:
        """The last query that sees each key through this primitive, shape (n,); -1 where none does."""

    def span(self, causal: bool) -> tuple[int, int] | None:
        """The farthest earlier and later key a query sees, in tokens; None if no length bounds them."""
        return None

    def covers(self, other: Primitive, causal: bool) -> bool:
        """See `Primitive.covers`: by default itself, and primitives that show a query only itself."""
        alone = isinstance(other, MaskPrimitive) and other.span(causal) == (0, 0)
        return self == other or (self.shows_self and alone)


@dataclass(frozen=True, slots=True)
class ComputedPrimitive(Primitive):
    """A kind that computes what its queries read instead of naming pairs; its head's `attend` contains nothing else."""

    @abstractmethod
    def row_pairs(self, context: MaskContext) -> Positions:
        """How many rows of keys each query is compared with, shape (n,), int64: independent of the content."""

    @abstractmethod
    def extra_flops(self, context: MaskContext, d_head: int) -> int:
        """FLOP beyond the scores and the weighted values, for one head and one sequence."""

    @property
    @abstractmethod
    def projected_rows(self) -> int:
        """Rows of keys (and as many of values) that replace the keys; 0 where the keys themselves are read."""

    @abstractmethod
    def certain(self) -> tuple[MaskPrimitive, ...]:
        """The pairs that are attended regardless of content, as masks; drawings fill them."""

    @abstractmethod
    def possible(self) -> tuple[MaskPrimitive, ...]:
        """All pairs that content may choose, the certain ones included, as masks; reach follows them."""


LARGEST = 2**31 - 1
"""Largest integer in a pattern: the product of two still fits in 64 bits."""


def require_int(name: str, value: object, at_least: int, at_most: int = LARGEST) -> None:
    """Raise PatternError unless `value` is a true integer from `at_least` to `at_most` (a bool is not one)."""
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
        raise PatternError("", f"must be in a pattern with a grid, because {kind} is two-dimensional", grid, remedy)
