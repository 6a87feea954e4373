"""Enumeration of every pattern of a finite space."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from operator import attrgetter

from nas.errors import InputError, PatternError
from nas.patterns.model import ModelPattern
from nas.space.checks import check_asked_alike, check_options
from nas.space.space import Option, Suggester

MOST_COMBINATIONS = 10_000
"""More than anyone would train. Enumerating this many takes seconds, and an unbounded space must not hang."""


class _Scripted:
    """A suggester that follows a script, and takes the first option of every further question.

    Args:
        script: index of the option taken, question by question.
    """

    def __init__(self, script: Sequence[int]) -> None:
        self._script = script
        self._asked: dict[str, Hashable] = {}
        self.params: dict[str, Option] = {}
        self.taken: list[tuple[int, int]] = []
        """The option taken and the number of options, question by question."""

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """The option of the script, by its index."""
        check_options(name, options)
        check_asked_alike(self._asked, name, tuple(options))
        if name not in self.params:
            self.params[name] = options[self._take(name, len(options))]
        return self.params[name]

    def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """The same, each number an option."""
        check_asked_alike(self._asked, name, (low, high, log))
        if name not in self.params:
            self.params[name] = low + self._take(name, high - low + 1)
        return int(self.params[name])

    def _take(self, name: str, num_options: int) -> int:
        if num_options > MOST_COMBINATIONS:
            raise _too_many(f"{num_options:,} values of {name}")
        place = len(self.taken)
        index = self._script[place] if place < len(self._script) else 0
        if index >= num_options:
            allowed = "must offer the same options wherever the values before it are the same"
            raise InputError(f"space parameter {name}", allowed, f"{num_options} of them, and before that more")
        self.taken.append((index, num_options))
        return index


def every_pattern(
    sample: Callable[[Suggester], ModelPattern],
    identity: Callable[[ModelPattern], str] = attrgetter("id"),
) -> Iterator[tuple[dict[str, Option], ModelPattern]]:
    """The patterns of a space with the values that make them, each pattern once, in the order of the options.

    Combinations that make no valid pattern are skipped. Of those that make the same one, the first counts.

    Args:
        sample: makes a pattern from suggested values, or raises PatternError where they make none.
        identity: tells patterns apart; in a checkpoint that of its shape, since it matters there which head has a mask.

    Raises:
        InputError: there are more than MOST_COMBINATIONS combinations, or the space requests other parameters from call
            to call.
    """
    script: list[int] | None = []
    seen: set[str] = set()
    num_combinations = 0
    while script is not None:
        num_combinations += 1
        if num_combinations > MOST_COMBINATIONS:
            raise _too_many("more")
        suggest = _Scripted(script)
        try:
            pattern = sample(suggest)
        except PatternError:
            pattern = None
        if pattern is not None and (name := identity(pattern)) not in seen:
            seen.add(name)
            yield suggest.params, pattern
        script = _next_script(suggest.taken)


def _next_script(taken: Sequence[tuple[int, int]]) -> list[int] | None:
    """The next combination: the last question that has options left takes its next one."""
    for place in reversed(range(len(taken))):
        index, num_options = taken[place]
        if index + 1 < num_options:
            return [*(index for index, _ in taken[:place]), index + 1]
    return None


def _too_many(got: str) -> InputError:
    allowed = f"must have at most {MOST_COMBINATIONS:,} combinations to be listed"
    return InputError("space", allowed, got, "Offer fewer options, or use space=tabular.")
