"""What every primitive must say about itself."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

from torch import Tensor

from nas.errors import PatternError
from nas.patterns.site import Site
from nas.patterns.support import Positions, Support


@dataclass(frozen=True, slots=True)
class Primitive(ABC):
    """One rule of visibility: a frozen value, one vectorised predicate, one slow reference.

    A primitive never applies the causal cut j <= i; `HeadPattern` does, for all of them at once.
    To add one, see CONTRIBUTING.md: subclass, list it in `primitives/__init__.py`, and give it a strategy
    in `tests/strategies.py`, with which it takes the exam of `tests/patterns/test_primitives.py`.
    """

    kind: ClassVar[str]
    shows_self: ClassVar[bool]
    """Whether every query sees itself at every length."""

    @abstractmethod
    def visible(self, query: Tensor, key: Tensor, site: Site) -> Tensor:
        """Which keys each query sees: the vectorised predicate, used for masks and FlexAttention.

        Args:
            query: absolute query positions, int64, broadcastable against `key`, in tokens.
            key: absolute key positions, int64, in tokens.

        Returns:
            bool tensor of the broadcast shape.
        """

    @abstractmethod
    def allows(self, query: int, key: int, site: Site) -> bool:
        """The definition of docs/patterns.md word for word, for one pair: the oracle of the tests."""

    @abstractmethod
    def support(self, site: Site) -> Support:
        """The same set as bands, progressions and key columns, in O(n)."""

    @abstractmethod
    def last_query(self, site: Site) -> Positions:
        """The last query that sees each key through this primitive, shape (n,); -1 where none does."""

    def simplified(self, causal: bool) -> "Primitive | None":
        """The canonical value that means the same at every length; None if it shows nothing."""
        return self

    def span(self, causal: bool) -> tuple[int, int] | None:
        """The farthest earlier and later key a query sees, in tokens; None if no length bounds them."""
        return None

    def covers(self, other: "Primitive", causal: bool) -> bool:
        """True if `other` surely shows nothing that this one does not show, at every length."""
        return self == other or (self.shows_self and other.span(causal) == (0, 0))

    def needs(self, causal: bool) -> None:  # noqa: B027 (most kinds need nothing)
        """Raise PatternError where the primitive cannot be used in such a model."""

    def to_dict(self) -> dict[str, int | str]:
        """The primitive as it stands in a pattern file, every parameter written out."""
        return {"kind": self.kind} | {field.name: getattr(self, field.name) for field in fields(self)}


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
